// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

//! [first-scope]
#include <qjanitor/qjanitor.h>
#include <QtCore/QtCore>

static void saveNote(const QByteArray &text)
{
    QThread::msleep(200); // a slow disk
    QFile file(QStringLiteral("note.txt"));
    if (!file.open(QFile::WriteOnly) || file.write(text) != text.size())
        throw std::runtime_error("cannot save the note"); // arrives in main(), from enter()
}

struct Note : QObject
{
    QByteArray text;
    ~Note() override // does not block, and was handed nothing
    {
        QJanitor::spawnCleanupJob([text = text] { saveNote(text); });
    }
};

int main(int argc, char *argv[])
{
    QCoreApplication app(argc, argv);
    QJanitor::enter([] { Note().text = "milk, bread"; }); // waits for all that was spawned inside
    qInfo() << "on disk:" << QFileInfo(QStringLiteral("note.txt")).size() << "bytes";
}
//! [first-scope]
