// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The demonstration of the Rust module that QJanitor starts from: five pieces of code add to one
// counter, none of them is handed a janitor, and all have added once enter() has returned.

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>

#include <atomic>
#include <memory>

using Counter = std::shared_ptr<std::atomic<int>>; // shared: a job owns what it uses

static void add(const Counter &counter, int amount, int times)
{
    for (int i = 0; i < times; ++i)
        *counter += amount;
}

/// Adds 1,000 when it is made, and 10,000 four times after it is gone.
class Guest : public QObject
{
public:
    explicit Guest(Counter counter)
        : m_counter(std::move(counter))
    {
        add(m_counter, 1'000, 1);
    }
    ~Guest() override
    {
        QJanitor::spawnCleanupJob([counter = m_counter] { add(counter, 10'000, 4); });
    }

private:
    const Counter m_counter;
};

int main(int argc, char *argv[])
{
    QCoreApplication app(argc, argv);
    const auto counter = std::make_shared<std::atomic<int>>(0);

    QJanitor::enter([&counter] {
        const Guest guest(counter);
        QJanitor::spawnDaemon([counter] { add(counter, 1, 17); });
        QJanitor::spawnDaemon([counter] { add(counter, 100, 6); });
    });

    qInfo("%d", counter->load());
    return *counter == 41'617 ? 0 : 1;
}
