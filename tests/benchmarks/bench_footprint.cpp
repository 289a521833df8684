// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Counts heap allocations per job, and resident bytes per outstanding job with 48 bytes of
// captures. With --spawn <n> it only spawns and runs n trivial jobs, for callgrind.

#include <qjanitor/qjanitor.h>

#include <QtConcurrent/qtconcurrentrun.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qfuturesynchronizer.h>
#include <QtCore/qthreadpool.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <string_view>

#include <sys/wait.h>
#include <unistd.h>

static std::atomic<long> allocations{0};

// Interposed: all allocations of the process come through here.
extern "C" {
void *__libc_malloc(std::size_t size);
void *__libc_memalign(std::size_t alignment, std::size_t size);

void *malloc(std::size_t size)
{
    allocations.fetch_add(1, std::memory_order_relaxed);
    return __libc_malloc(size);
}

void *aligned_alloc(std::size_t alignment, std::size_t size)
{
    allocations.fetch_add(1, std::memory_order_relaxed);
    return __libc_memalign(alignment, size);
}
}

namespace {

constexpr int countedJobs = 100'000;
constexpr int outstandingJobs = 1'000'000;

/// Runs \a measure in a child process, for a heap that nothing has touched before.
template<class Measure>
double inChild(Measure measure)
{
    std::array<int, 2> ends;
    if (pipe(ends.data()) != 0)
        std::abort();
    if (fork() == 0) {
        int argc = 1;
        char name[] = "bench_footprint";
        std::array arguments = {name, static_cast<char *>(nullptr)};
        const QCoreApplication application(argc, arguments.data());
        const double figure = measure();
        _exit(write(ends[1], &figure, sizeof figure) == sizeof figure ? 0 : 1);
    }
    double figure = -1;
    int status = 0;
    wait(&status);
    if (status != 0 || read(ends[0], &figure, sizeof figure) != sizeof figure)
        std::fprintf(stderr, "a measurement failed\n");
    return figure;
}

void spawnTrivialJobs(int count)
{
    QJanitor::enter([count] {
        for (int i = 0; i < count; ++i)
            QJanitor::spawnDaemon([] {});
    });
}

void runTrivialJobs(int count)
{
    QFutureSynchronizer<void> synchronizer;
    for (int i = 0; i < count; ++i)
        synchronizer.addFuture(QtConcurrent::run([] {}));
}

/// The second of two runs: what is made once per process is not a job's.
template<class Run>
double allocationsPerJob(Run run)
{
    run(countedJobs);
    const long before = allocations.load();
    run(countedJobs);
    return double(allocations.load() - before) / countedJobs;
}

double residentBytes()
{
    long size = 0;
    long resident = 0;
    std::FILE *file = std::fopen("/proc/self/statm", "r");
    if (!file || std::fscanf(file, "%ld %ld", &size, &resident) != 2)
        std::abort();
    std::fclose(file);
    return double(resident) * double(sysconf(_SC_PAGESIZE));
}

/// Keeps every thread of the pool busy until it is opened.
class Gate
{
public:
    void operator()() { m_semaphore.acquire(); }
    void open() { m_semaphore.release(threads); }
    static inline const int threads = QThread::idealThreadCount();

private:
    std::counting_semaphore<> m_semaphore{0};
};

double janitorBytesPerJob()
{
    Gate gate;
    return QJanitor::enter([&gate] {
        for (int i = 0; i < Gate::threads; ++i)
            QJanitor::spawnDaemon(std::ref(gate));
        const double before = residentBytes();
        for (int i = 0; i < outstandingJobs; ++i)
            QJanitor::spawnDaemon([captures = std::array<char, 48>()] { Q_UNUSED(captures) });
        const double after = residentBytes();
        gate.open();
        return (after - before) / outstandingJobs;
    });
}

double qtConcurrentBytesPerJob()
{
    Gate gate;
    QFutureSynchronizer<void> synchronizer;
    for (int i = 0; i < Gate::threads; ++i)
        QThreadPool::globalInstance()->start([&gate] { gate(); });
    const double before = residentBytes();
    for (int i = 0; i < outstandingJobs; ++i) {
        synchronizer.addFuture(
            QtConcurrent::run([captures = std::array<char, 48>()] { Q_UNUSED(captures) }));
    }
    const double after = residentBytes();
    gate.open();
    return (after - before) / outstandingJobs;
}

void print(const char *what, double janitor, double peer, double goal)
{
    std::printf("%-46s %9.3f %9.3f %9.3f%s\n", what, janitor, peer, goal,
                janitor > goal ? "  missed" : "");
}

} // namespace

int main(int argc, char **argv)
{
    if (argc == 3 && std::string_view(argv[1]) == "--spawn") {
        const QCoreApplication application(argc, argv);
        spawnTrivialJobs(std::atoi(argv[2]));
        return 0;
    }
    std::printf("%-46s %9s %9s %9s\n", "", "janitor", "Concurr.", "goal");
    std::fflush(stdout);
    print("heap allocations per job", inChild([] { return allocationsPerJob(spawnTrivialJobs); }),
          inChild([] { return allocationsPerJob(runTrivialJobs); }), 0.05);
    const double janitor = inChild(janitorBytesPerJob);
    const double qtConcurrent = inChild(qtConcurrentBytesPerJob);
    print("bytes per outstanding job", janitor, qtConcurrent, 72);
    print("  as a ratio", janitor / qtConcurrent, 1, 0.14);
    return 0;
}
