// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/status.h>

#include <QtWidgets/qlistwidget.h>
#include <QtWidgets/qmainwindow.h>
#include <QtWidgets/qprogressdialog.h>

/// Imports a folder of pictures. Closed in mid-import it stays, and shows what is left in a dialog.
class Window : public QMainWindow
{
    Q_OBJECT

public:
    Window();
    /// Makes thumbnails of all pictures of \a folder, in a folder "thumbnails" in it.
    void import(const QString &folder);

protected:
    void closeEvent(QCloseEvent *event) override;

private:
    void chooseFolder();
    void onChanged();
    void showDraining();

    QJanitor::Status m_status;
    QListWidget m_list; ///< What went wrong.
    QProgressDialog m_progress;
    qsizetype m_finishedBefore = -1; ///< Before draining.
};
