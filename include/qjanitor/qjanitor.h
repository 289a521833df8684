// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

// All of component Core.
#include <qjanitor/ambient.h>
#include <qjanitor/client.h>
#include <qjanitor/enums.h>
#include <qjanitor/error.h>
#include <qjanitor/guard.h>
#include <qjanitor/options.h>
#include <qjanitor/report.h>
#include <qjanitor/result.h>
#include <qjanitor/scope.h>
#include <qjanitor/servicemanager.h>
#include <qjanitor/spawn.h>
#include <qjanitor/status.h>
#include <qjanitor/supervisor.h>
