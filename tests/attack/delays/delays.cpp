// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Preloaded into a program, it holds threads up where they lock and unlock, wake, allocate and
// free. What is done after a lock that should have been done under it then shows sooner.
//
// Environment: QJANITOR_ATTACK_SEED. The same seed gives each thread the same times, by the order
// in which the threads come here first. So a run is like another, not the same: what fails may have
// to be tried again.

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

extern "C" {
// Under these names glibc offers what malloc() and free() are.
void *__libc_malloc(size_t size);
void __libc_free(void *memory);
}

namespace {

std::atomic<std::uint64_t> seed{0};
std::atomic<std::uint64_t> threads{0};

/// The source of what one thread does: no memory, no lock, no constructor.
thread_local constinit std::uint64_t state = 0;
thread_local constinit bool isInside = false;

std::uint64_t mixed(std::uint64_t value)
{
    value += 0x9e3779b97f4a7c15;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

/// Before main() nothing is held up: the seed is not known then.
[[gnu::constructor]] void begin()
{
    if (const char *text = std::getenv("QJANITOR_ATTACK_SEED"))
        seed.store(std::strtoull(text, nullptr, 10) + 1);
}

void sleepFor(long nanoseconds)
{
    const timespec time{0, nanoseconds};
    ::nanosleep(&time, nullptr);
}

/// Mostly returns at once. Once in \a rarity times it gives the processor away or sleeps.
void holdUp(unsigned rarity)
{
    const std::uint64_t first = seed.load(std::memory_order_relaxed);
    if (first == 0 || isInside)
        return;
    isInside = true;
    if (state == 0)
        state = mixed(first * 1'000'003 + threads.fetch_add(1)) | 1;
    state = mixed(state);
    const int error = errno;
    if (state % rarity == 0) {
        const std::uint64_t draw = (state >> 32) % 100;
        if (draw < 50)
            ::sched_yield();
        else if (draw < 97)
            sleepFor(long((state >> 40) % 100'000)); // up to 100 us
        else
            sleepFor(1'000'000 + long((state >> 40) % 3'000'000)); // up to 4 ms
    }
    errno = error;
    isInside = false;
}

constexpr unsigned often = 40;
constexpr unsigned seldom = 4'000; ///< Programs allocate all the time.

template<class Function>
class Next;
/// The function of that name that is behind ours. Found without a lock, for the locks come through
/// here.
template<class R, class... Args>
class Next<R(Args...)>
{
public:
    explicit constexpr Next(const char *name)
        : m_name(name)
    {}
    R operator()(Args... args)
    {
        auto *function = m_function.load(std::memory_order_relaxed);
        if (!function) {
            function = reinterpret_cast<R (*)(Args...)>(::dlsym(RTLD_NEXT, m_name));
            m_function.store(function, std::memory_order_relaxed);
        }
        return function(args...);
    }

private:
    const char *const m_name;
    std::atomic<R (*)(Args...)> m_function{nullptr};
};

constinit Next<int(pthread_mutex_t *)> nextLock("pthread_mutex_lock");
constinit Next<int(pthread_mutex_t *)> nextUnlock("pthread_mutex_unlock");
constinit Next<int(pthread_cond_t *)> nextSignal("pthread_cond_signal");
constinit Next<int(pthread_cond_t *)> nextBroadcast("pthread_cond_broadcast");
constinit Next<long(long, long, long, long, long, long, long)> nextSyscall("syscall");

} // namespace

extern "C" {

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    holdUp(often);
    const int result = nextLock(mutex);
    holdUp(often * 4); // the others come to wait
    return result;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    const int result = nextUnlock(mutex);
    holdUp(often); // here it is that mistakes show
    return result;
}

int pthread_cond_signal(pthread_cond_t *condition)
{
    holdUp(often);
    const int result = nextSignal(condition);
    holdUp(often);
    return result;
}

int pthread_cond_broadcast(pthread_cond_t *condition)
{
    holdUp(often);
    const int result = nextBroadcast(condition);
    holdUp(often);
    return result;
}

/// QMutex, QSemaphore and QWaitCondition come through here when they wait and wake.
long syscall(long number, ...) noexcept
{
    __builtin_va_list list;
    __builtin_va_start(list, number);
    long arguments[6];
    for (long &argument : arguments)
        argument = __builtin_va_arg(list, long);
    __builtin_va_end(list);
    holdUp(often / 4);
    const long result = nextSyscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
                                    arguments[4], arguments[5]);
    holdUp(often / 4);
    return result;
}

void *malloc(size_t size) noexcept
{
    holdUp(seldom);
    return __libc_malloc(size);
}

void free(void *memory) noexcept
{
    __libc_free(memory);
    holdUp(seldom);
}

} // extern "C"
