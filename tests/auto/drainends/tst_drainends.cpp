// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// A drain timeout that passes just when the last job ends: who is given up is named, and if there
// is nobody then none was.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qpromise.h>
#include <QtCore/qregularexpression.h>
#include <QtTest/qtest.h>

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <dlfcn.h>
#include <pthread.h>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

/// Where a thread stops before its next lock: one whose job has ended, that is, and counts.
struct Stop
{
    const Gate reached;
    const Gate free;
};

/// Stops outlive the threads that they are for.
const Stop &newStop()
{
    static std::deque<Stop> stops;
    return stops.emplace_back();
}

/// Set for a thread that is to stop once.
thread_local const Stop *nextStop = nullptr;

/// Whether each lock is taken a moment late, so that all that happens between two of them is seen.
std::atomic<bool> comesLate{false};

void comeLate()
{
    static thread_local std::minstd_rand random(std::random_device{}());
    const QDeadlineTimer end(std::chrono::microseconds(random() % 8 == 0 ? random() % 3000 : 0));
    while (!end.hasExpired())
        std::this_thread::yield();
}

void stopHere(const Stop &stop)
{
    stop.reached.open();
    // If the janitor waits for this thread, as it may, then there is nothing to be seen.
    const QDeadlineTimer end(200ms);
    while (!stop.free.isOpen() && !end.hasExpired())
        std::this_thread::yield();
}

} // namespace

// In the place of the C library's, for std::mutex of the library that is tested.
extern "C" int pthread_mutex_lock(pthread_mutex_t *mutex) noexcept
{
    using Function = int (*)(pthread_mutex_t *);
    static std::atomic<Function> original{nullptr};
    Function lock = original.load(std::memory_order_relaxed);
    if (!lock) {
        lock = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "pthread_mutex_lock"));
        original.store(lock, std::memory_order_relaxed);
    }
    if (const Stop *stop = std::exchange(nextStop, nullptr))
        stopHere(*stop);
    if (comesLate.load(std::memory_order_relaxed))
        comeLate();
    return lock(mutex);
}

namespace {

/// A daemon that ends once its janitor drains, and after whose destruction its thread stops.
class StoppingJob
{
public:
    explicit StoppingJob(const Stop &stop)
        : m_stop(&stop)
    {}
    StoppingJob(StoppingJob &&other) noexcept
        : m_stop(std::exchange(other.m_stop, nullptr))
        , m_hasRun(other.m_hasRun)
    {}
    StoppingJob &operator=(StoppingJob &&) = delete;
    ~StoppingJob()
    {
        if (m_stop && m_hasRun)
            nextStop = m_stop;
    }
    void operator()()
    {
        blockUntil([] { return isDraining(); });
        m_hasRun = true;
    }

private:
    const Stop *m_stop;
    bool m_hasRun = false;
};

/// Returns what is wrong with \a report: empty if it gives up whom it names, and nobody else.
QString contradictionIn(const Report &report)
{
    qsizetype timeouts = 0;
    for (const Error &error : report.errors()) {
        if (error.kind() != Error::Kind::DrainTimedOut)
            continue;
        ++timeouts;
        static const QRegularExpression number(u"^(\\d+) jobs? (is|are) still running"_s);
        const QRegularExpressionMatch match = number.match(error.message());
        if (!match.hasMatch())
            return u"it does not say how many: "_s + error.message();
        if (match.captured(1).toLongLong() != report.unfinished().size())
            return u"it says \"%1\" and names %2"_s.arg(error.message())
                .arg(report.unfinished().size());
        if (report.unfinished().isEmpty())
            return u"it has given up on nobody: "_s + error.message();
    }
    if (timeouts == 0 && !report.unfinished().isEmpty())
        return u"it has given up on %1 without an error"_s.arg(report.unfinished().size());
    return QString();
}

using Where = std::function<void(const std::function<void()> &)>;

} // namespace

Q_DECLARE_METATYPE(Where)

class tst_DrainEnds : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theLastEndHasBeenCountedAndNotSeen_data();
    void theLastEndHasBeenCountedAndNotSeen();
    void oneOfTwoEndsHasBeenCountedAndNotSeen_data();
    void oneOfTwoEndsHasBeenCountedAndNotSeen();
    void jobsThatEndJustThen_data();
    void jobsThatEndJustThen();
};

static void addPlaces()
{
    QTest::addColumn<Where>("where");
    QTest::newRow("on the main thread") << Where([](const auto &function) { function(); });
    QTest::newRow("on a thread") << Where([](const auto &function) { onStdThread(function); });
}

void tst_DrainEnds::theLastEndHasBeenCountedAndNotSeen_data()
{
    addPlaces();
}

void tst_DrainEnds::theLastEndHasBeenCountedAndNotSeen()
{
    QFETCH(const Where, where);
    const Stop &stop = newStop();
    Report report;
    where([&] {
        report =
            tryEnter({.drainTimeout = 20ms}, [&] { spawnDaemon(StoppingJob(stop)); }).janitorResult;
        stop.free.open();
    });
    QCOMPARE(contradictionIn(report), QString());
    QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
    QCOMPARE(report.completedCount(), 1);
}

void tst_DrainEnds::oneOfTwoEndsHasBeenCountedAndNotSeen_data()
{
    addPlaces();
}

void tst_DrainEnds::oneOfTwoEndsHasBeenCountedAndNotSeen()
{
    QFETCH(const Where, where);
    const Stop &stop = newStop();
    const Gate gate;
    Report report;
    where([&] {
        report = tryEnter({.drainTimeout = 20ms}, [&] {
                     spawnDaemon(u"slow"_s, [gate] { gate.wait(); });
                     spawnDaemon(StoppingJob(stop));
                 }).janitorResult;
        stop.free.open();
        gate.open();
    });
    QCOMPARE(contradictionIn(report), QString());
    QVERIFY(namesOf(report.unfinished()).contains(u"slow"_s));
}

void tst_DrainEnds::jobsThatEndJustThen_data()
{
    QTest::addColumn<int>("jobs");
    QTest::addColumn<JobKind>("kind");
    QTest::addColumn<bool>("futures");
    QTest::newRow("one daemon") << 1 << JobKind::Daemon << false;
    QTest::newRow("four daemons") << 4 << JobKind::Daemon << false;
    QTest::newRow("cleanup jobs") << 2 << JobKind::CleanupJob << false;
    QTest::newRow("futures") << 4 << JobKind::Daemon << true;
}

void tst_DrainEnds::jobsThatEndJustThen()
{
    QFETCH(const int, jobs);
    QFETCH(const JobKind, kind);
    QFETCH(const bool, futures);
    constexpr int rounds = 24, owners = 3; // side by side, so that each is interrupted anywhere
    std::atomic<int> timedOut{0};
    std::array<QString, owners> contradictions;
    std::array<std::thread, owners> all;
    const auto run = [&](QString &contradiction) {
        for (int round = 0; round < rounds; ++round) {
            const auto last = [round] { // at each moment around the timeout
                const QDeadlineTimer end(std::chrono::microseconds(500 * round));
                while (!end.hasExpired())
                    std::this_thread::yield();
            };
            const auto spawn = [&](auto job) {
                kind == JobKind::Daemon ? spawnDaemon(std::move(job))
                                        : spawnCleanupJob(std::move(job));
            };
            std::vector<std::thread> finishers;
            const Report report =
                tryEnter({.drainTimeout = 6ms}, [&] {
                    for (int i = 0; i < jobs; ++i) {
                        if (!futures) {
                            spawn(last);
                            continue;
                        }
                        QPromise<int> promise;
                        promise.start();
                        spawn(promise.future());
                        finishers.emplace_back([last, promise = std::move(promise)]() mutable {
                            last();
                            promise.finish();
                        });
                    }
                }).janitorResult;
            for (std::thread &finisher : finishers)
                finisher.join();
            timedOut += !report.unfinished().isEmpty();
            if (const QString text = contradictionIn(report); !text.isEmpty())
                contradiction = text;
        }
    };
    comesLate = true;
    for (std::size_t i = 0; i < owners; ++i)
        all[i] = std::thread([&run, &contradiction = contradictions[i]] { run(contradiction); });
    for (std::thread &owner : all)
        owner.join();
    comesLate = false;
    for (const QString &contradiction : contradictions)
        QCOMPARE(contradiction, QString());
    qInfo("%d of %d have timed out", timedOut.load(), rounds * owners);
}

QTEST_GUILESS_MAIN(tst_DrainEnds)

#include "tst_drainends.moc"
