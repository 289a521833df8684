// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "core_p.h"

namespace QJanitor::Private {

/// Whether this thread is known to stand below all its event loops, as after
/// QCoreApplication::exec().
enum class AtBottom { No, Yes };

/// Blocks until \a core is done. Where an event loop runs, events go on; elsewhere the thread
/// helps.
void waitUntilDone(Core &core, AtBottom atBottom);

/// Deletes what was deleteLater()ed on this thread. Only at the bottom: in a slot it is too early.
void flushDeferredDeletes();

} // namespace QJanitor::Private
