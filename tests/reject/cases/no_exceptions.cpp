// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// says: QJanitor needs exceptions
// flags: -fno-exceptions

#include <qjanitor/qjanitor.h>
