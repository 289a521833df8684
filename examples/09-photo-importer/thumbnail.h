// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/error.h>

/// Writes a small copy of the picture \a source to \a target, wholly or not at all. Blocks; for jobs.
QJanitor::Error makeThumbnail(const QString &source, const QString &target);
