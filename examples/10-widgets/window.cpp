// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "window.h"

#include "album.h"

#include <qjanitor/spawn.h>

#include <QtCore/qdir.h>
#include <QtGui/qevent.h>
#include <QtWidgets/qfiledialog.h>
#include <QtWidgets/qstatusbar.h>
#include <QtWidgets/qtoolbar.h>

using namespace Qt::StringLiterals;

Window::Window()
    : m_progress(this)
{
    setCentralWidget(&m_list);
    addToolBar(tr("Import"))->addAction(tr("Import folder …"), this, &Window::chooseFolder);
    resize(480, 320);

    m_progress.reset(); // else it shows itself after some seconds
    m_progress.setMinimumDuration(200);
    m_progress.setCancelButtonText(tr("Quit now"));
    m_progress.setAutoReset(false);
    connect(&m_progress, &QProgressDialog::canceled, &m_status, &QJanitor::Status::stopWaiting);

    connect(&m_status, &QJanitor::Status::changed, this, &Window::onChanged);
    connect(&m_status, &QJanitor::Status::jobFailed, this, [this](const QJanitor::Error &error) {
        m_list.addItem(error.jobName() + u": "_s + error.message());
    });
}

void Window::import(const QString &folder)
{
    const QDir pictures(folder);
    const auto album =
        std::make_shared<Album>(pictures.filePath(u"thumbnails"_s), std::make_shared<Pictures>());
    for (const QFileInfo &picture : pictures.entryInfoList({u"*.png"_s, u"*.jpg"_s}, QDir::Files)) {
        QJanitor::spawnDaemon(picture.fileName(),
                              [album, path = picture.filePath()] { return album->import(path); });
    }
}

void Window::chooseFolder()
{
    const QString folder = QFileDialog::getExistingDirectory(this);
    if (!folder.isEmpty())
        import(folder);
}

//! [close]
void Window::closeEvent(QCloseEvent *event)
{
    if (m_status.state() == QJanitor::JanitorState::Closed)
        return;
    event->ignore(); // stays in sight until exec() has returned
    m_status.requestQuit();
}
//! [close]

void Window::onChanged()
{
    statusBar()->showMessage(tr("%1 imported, %2 broken")
                                 .arg(m_status.finishedJobs() - m_status.failedJobs())
                                 .arg(m_status.failedJobs()));
    if (m_status.isDraining())
        showDraining();
}

void Window::showDraining()
{
    if (m_finishedBefore < 0) {
        m_finishedBefore = m_status.finishedJobs();
        centralWidget()->setEnabled(
            false); // a modal dialog would turn the event loop in setValue()
    }
    const auto finished = int(m_status.finishedJobs() - m_finishedBefore);
    const int total = finished + int(m_status.pendingJobs());
    m_progress.setMaximum(total);
    m_progress.setLabelText(
        tr("Finishing %1 of %n …\n%2", "jobs", total).arg(finished + 1).arg(m_status.oldestJob()));
    m_progress.setValue(finished);
}
