// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <QtCore/qstring.h>

/// Compares the files in \a spoolDirectory, byte for byte, with the sources that \a manifest names,
/// and prints the count of lines. Returns \c true if every acknowledged line is there.
bool verify(const QString &manifest, const QString &spoolDirectory);
