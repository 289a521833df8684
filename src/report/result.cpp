// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/result.h>

namespace QJanitor::Private {

void throwIfFailed(const Report &report, const std::exception_ptr &callee)
{
    if (!report.ok())
        throw Exception(report, callee);
}

void throwCalleeError(const Report &report, const Error &error)
{
    throw Exception(report, error);
}

} // namespace QJanitor::Private
