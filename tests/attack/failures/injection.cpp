// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "injection.h"

#include "limits.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#    define ATTACK_HAS_OWN_MALLOC 0 // that of the sanitizer has to be the one
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define ATTACK_HAS_OWN_MALLOC 0
#    endif
#endif
#if !defined(ATTACK_HAS_OWN_MALLOC)
#    define ATTACK_HAS_OWN_MALLOC 1
#endif

#if ATTACK_HAS_OWN_MALLOC
extern "C" {
void *__libc_malloc(std::size_t size);
void *__libc_calloc(std::size_t count, std::size_t size);
void *__libc_realloc(void *memory, std::size_t size);
}
#else
static void *__libc_malloc(std::size_t size)
{
    return std::malloc(size);
}
#endif

namespace Injection {

namespace {

std::atomic<bool> armed{false};
std::atomic<Kind> kind{Kind::Allocation};
std::atomic<int> first{0};
std::atomic<int> count{0};
std::atomic<int> reachedCount{0};
std::atomic<int> refusedCount{0};
std::atomic<std::int64_t> firstTime{0};

constexpr std::int64_t second = 1'000'000'000; // ns, as all times here
std::atomic<std::int64_t> monotonicOffset{0};
std::atomic<std::int64_t> wallOffset{0};

thread_local int ownDepth = 0;

/// Where the first one was refused.
constexpr int mostFrames = 48;
std::array<void *, mostFrames> firstFrames;
std::atomic<int> firstFrameCount{0};

/// Returns the function of the system that this program has defined again.
template<class F>
F *next(const char *name)
{
    return reinterpret_cast<F *>(::dlsym(RTLD_NEXT, name));
}

std::int64_t realTime()
{
    static const auto read = next<int(clockid_t, timespec *)>("clock_gettime");
    timespec time{};
    read(CLOCK_MONOTONIC, &time);
    return time.tv_sec * second + time.tv_nsec;
}

/// Whether something of \a what is to be considered at all.
bool isArmedFor(Kind what)
{
    return armed.load(std::memory_order_acquire) && ownDepth == 0 && kind.load() == what;
}

/// Counts one that concerns the library. Returns whether it is to be refused.
bool isDue()
{
    const int number = reachedCount.fetch_add(1) + 1;
    if (number < first.load())
        return false;
    if (count.load() == allOfAMoment) {
        constexpr std::int64_t moment = second / 20;
        std::int64_t since = 0;
        const std::int64_t now = realTime();
        if (!firstTime.compare_exchange_strong(since, now) && now - since > moment)
            return false;
    } else if (number >= first.load() + count.load()) {
        return false;
    }
    if (refusedCount.fetch_add(1) == 0)
        firstFrameCount.store(::backtrace(firstFrames.data(), mostFrames));
    return true;
}

// ---- whose an allocation is

enum class Owner { System, Library, Qt, Other };

struct Module
{
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    Owner owner = Owner::Other;
};
std::array<Module, 64> modules;
std::size_t moduleCount = 0;

Owner ownerOfName(const char *name)
{
    const auto has = [name](const char *part) { return std::strstr(name, part) != nullptr; };
    if (name[0] == '\0' || has("libQJanitor"))
        return Owner::Library; // this program, in which the templates are
    if (has("libQt6"))
        return Owner::Qt;
    if (has("libstdc++") || has("libc.so") || has("libgcc") || has("ld-linux") || has("libasan"))
        return Owner::System;
    return Owner::Other;
}

int addModule(dl_phdr_info *info, std::size_t, void *)
{
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const auto &header = info->dlpi_phdr[i];
        if (header.p_type == PT_LOAD && (header.p_flags & PF_X) && moduleCount < modules.size()) {
            const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
            modules[moduleCount++] = {begin, begin + header.p_memsz, ownerOfName(info->dlpi_name)};
        }
    }
    return 0;
}

Owner ownerOf(const void *address)
{
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    for (std::size_t i = 0; i < moduleCount; ++i) {
        if (modules[i].begin <= at && at < modules[i].end)
            return modules[i].owner;
    }
    return Owner::Other;
}

bool findLimit(const void *address)
{
    Dl_info info{};
    if (!::dladdr(static_cast<const char *>(address) - 1, &info) || !info.dli_sname)
        return false;
    return std::any_of(std::begin(limits), std::end(limits), [&info](const Limit &limit) {
        return std::strstr(info.dli_sname, limit.function) != nullptr;
    });
}

/// Whether \a address is in a function of the table of limits. Remembers it, for to find it out
/// takes long.
bool isLimit(const void *address)
{
    static std::array<std::atomic<std::uintptr_t>, 4096> known{};
    const std::uintptr_t key = reinterpret_cast<std::uintptr_t>(address) * 2;
    std::atomic<std::uintptr_t> &entry = known[key / 2 % known.size()];
    const std::uintptr_t seen = entry.load();
    if ((seen & ~std::uintptr_t(1)) == key)
        return seen & 1;
    const bool found = findLimit(address);
    entry.store(key | std::uintptr_t(found));
    return found;
}

/// Whether the library can answer for an allocation that \a caller makes: the innermost function
/// that is not the system's is the library's, or Qt's that the library has called.
bool isAnswerable(const void *caller)
{
    std::array<void *, mostFrames> frames;
    void **const end = frames.data() + ::backtrace(frames.data(), mostFrames);
    void **frame = std::find(frames.data(), end, caller);
    const auto skip = [&frame, end](Owner owner) {
        bool isLimited = false;
        for (; frame != end && ownerOf(*frame) == owner; ++frame)
            isLimited |= isLimit(*frame);
        return !isLimited;
    };
    return skip(Owner::System) && skip(Owner::Qt) && frame != end &&
           ownerOf(*frame) == Owner::Library && skip(Owner::Library);
}

bool isLimitedThread()
{
    std::array<char, 16> name{};
    return ::pthread_getname_np(::pthread_self(), name.data(), name.size()) == 0 &&
           std::strcmp(name.data(), limitedThread.function) == 0;
}

bool isOutOfMemory(const void *caller)
{
    if (!isArmedFor(Kind::Allocation))
        return false;
    const Own own;
    if (isLimitedThread() || !isAnswerable(caller) || !isDue())
        return false;
    errno = ENOMEM;
    return true;
}

void *allocate(std::size_t size, std::size_t alignment, const void *caller)
{
    if (isOutOfMemory(caller))
        return nullptr;
    if (alignment > alignof(std::max_align_t)) {
        return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    }
    return __libc_malloc(size ? size : 1);
}

void *allocateOrThrow(std::size_t size, std::size_t alignment, const void *caller)
{
    if (void *memory = allocate(size, alignment, caller))
        return memory;
    const Own own; // the exception takes memory, too
    throw std::bad_alloc();
}

/// Looks whether a clock is to jump.
void readClock()
{
    if (isArmedFor(Kind::Suspend) && isDue()) {
        constexpr std::array<std::int64_t, 3> jumps{90 * second, 3 * 3600 * second, 7 * second};
        monotonicOffset.fetch_add(jumps[std::size_t(first.load()) % jumps.size()]);
    } else if (isArmedFor(Kind::Wallclock) && isDue()) {
        const std::int64_t day = 24 * 3600 * second;
        wallOffset.fetch_add((first.load() + refusedCount.load()) % 2 == 0 ? day : -2 * day);
    }
}

std::int64_t offsetOf(clockid_t clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        return wallOffset.load();
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
        return monotonicOffset.load();
    default:
        return 0;
    }
}

timespec moved(const timespec &time, std::int64_t offset)
{
    const std::int64_t all =
        std::max<std::int64_t>(0, time.tv_sec * second + time.tv_nsec + offset);
    return {all / second, all % second};
}

/// Whether no descriptor can be had; sets errno then.
bool isOutOfDescriptors(const void *caller)
{
    if (!isArmedFor(Kind::Descriptor) || ownerOf(caller) != Owner::Library || !isDue())
        return false;
    errno = EMFILE;
    return true;
}

} // namespace

int &Own::depth()
{
    return ownDepth;
}

void prepare()
{
    ::dl_iterate_phdr(addModule, nullptr);
    std::array<void *, 4> frames;
    ::backtrace(frames.data(), int(frames.size())); // loads what it needs
    realTime();
}

void arm(const Plan &plan)
{
    kind.store(plan.kind);
    first.store(plan.n);
    count.store(plan.count);
    armed.store(true, std::memory_order_release);
}

void disarm()
{
    armed.store(false);
}

bool movesTime()
{
    return kind.load() == Kind::Suspend;
}

bool mayLackThreads()
{
    const Kind armedKind = kind.load();
    return armedKind == Kind::Allocation || armedKind == Kind::Thread || armedKind == Kind::Suspend;
}

int reached()
{
    return reachedCount.load();
}

int refused()
{
    return refusedCount.load();
}

void describeThisPlace()
{
    std::array<void *, mostFrames> frames;
    ::backtrace_symbols_fd(frames.data(), ::backtrace(frames.data(), mostFrames), STDERR_FILENO);
}

void describeFirst()
{
    ::backtrace_symbols_fd(firstFrames.data(), firstFrameCount.load(), STDERR_FILENO);
}

} // namespace Injection

using namespace Injection;

// ---- memory

void *operator new(std::size_t size)
{
    return allocateOrThrow(size, 0, __builtin_return_address(0));
}
void *operator new[](std::size_t size)
{
    return allocateOrThrow(size, 0, __builtin_return_address(0));
}
void *operator new(std::size_t size, std::align_val_t alignment)
{
    return allocateOrThrow(size, std::size_t(alignment), __builtin_return_address(0));
}
void *operator new[](std::size_t size, std::align_val_t alignment)
{
    return allocateOrThrow(size, std::size_t(alignment), __builtin_return_address(0));
}
void *operator new(std::size_t size, const std::nothrow_t &) noexcept
{
    return allocate(size, 0, __builtin_return_address(0));
}
void *operator new[](std::size_t size, const std::nothrow_t &) noexcept
{
    return allocate(size, 0, __builtin_return_address(0));
}
void operator delete(void *memory) noexcept
{
    std::free(memory);
}
void operator delete[](void *memory) noexcept
{
    std::free(memory);
}
void operator delete(void *memory, std::size_t) noexcept
{
    std::free(memory);
}
void operator delete[](void *memory, std::size_t) noexcept
{
    std::free(memory);
}
void operator delete(void *memory, std::align_val_t) noexcept
{
    std::free(memory);
}
void operator delete[](void *memory, std::align_val_t) noexcept
{
    std::free(memory);
}
void operator delete(void *memory, std::size_t, std::align_val_t) noexcept
{
    std::free(memory);
}
void operator delete[](void *memory, std::size_t, std::align_val_t) noexcept
{
    std::free(memory);
}

#if ATTACK_HAS_OWN_MALLOC

// What Qt's containers and libstdc++'s exceptions take.
extern "C" {

void *malloc(std::size_t size) noexcept
{
    return isOutOfMemory(__builtin_return_address(0)) ? nullptr : __libc_malloc(size);
}
void *calloc(std::size_t count, std::size_t size) noexcept
{
    return isOutOfMemory(__builtin_return_address(0)) ? nullptr : __libc_calloc(count, size);
}
void *realloc(void *memory, std::size_t size) noexcept
{
    return isOutOfMemory(__builtin_return_address(0)) ? nullptr : __libc_realloc(memory, size);
}
}

#endif

// ---- threads and descriptors

extern "C" {

using Routine = void *(*)(void *);

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, Routine routine,
                   void *argument) noexcept
{
    static const auto create =
        next<int(pthread_t *, const pthread_attr_t *, Routine, void *)>("pthread_create");
    if (isArmedFor(Kind::Thread) && isDue())
        return EAGAIN;
    const Own own; // its memory is that of the system
    return create(thread, attributes, routine, argument);
}

int pipe(int *ends) noexcept
{
    static const auto make = next<int(int *)>("pipe");
    return isOutOfDescriptors(__builtin_return_address(0)) ? -1 : make(ends);
}

int pipe2(int *ends, int flags) noexcept
{
    static const auto make = next<int(int *, int)>("pipe2");
    return isOutOfDescriptors(__builtin_return_address(0)) ? -1 : make(ends, flags);
}

int socket(int domain, int type, int protocol) noexcept
{
    static const auto make = next<int(int, int, int)>("socket");
    return isOutOfDescriptors(__builtin_return_address(0)) ? -1 : make(domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int *ends) noexcept
{
    static const auto make = next<int(int, int, int, int *)>("socketpair");
    return isOutOfDescriptors(__builtin_return_address(0)) ? -1
                                                           : make(domain, type, protocol, ends);
}

int eventfd(unsigned int value, int flags) noexcept
{
    static const auto make = next<int(unsigned int, int)>("eventfd");
    return isOutOfDescriptors(__builtin_return_address(0)) ? -1 : make(value, flags);
}

int epoll_create1(int flags) noexcept
{
    static const auto make = next<int(int)>("epoll_create1");
    return isOutOfDescriptors(__builtin_return_address(0)) ? -1 : make(flags);
}

// ---- clocks

int clock_gettime(clockid_t clock, timespec *time) noexcept
{
    static const auto read = next<int(clockid_t, timespec *)>("clock_gettime");
    readClock();
    const int code = read(clock, time);
    if (const std::int64_t offset = offsetOf(clock); code == 0 && offset != 0)
        *time = moved(*time, offset);
    return code;
}

// Those who wait until a moment have read it from the clock that has jumped.

int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock,
                           const timespec *end)
{
    static const auto wait =
        next<int(pthread_cond_t *, pthread_mutex_t *, clockid_t, const timespec *)>(
            "pthread_cond_clockwait");
    const timespec real = moved(*end, -offsetOf(clock));
    return wait(condition, mutex, clock, &real);
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const timespec *end)
{
    static const auto wait =
        next<int(pthread_cond_t *, pthread_mutex_t *, const timespec *)>("pthread_cond_timedwait");
    // Which clock the condition goes by cannot be asked: since 1970 more time has gone than since
    // the machine was started.
    constexpr time_t thirtyYears = 946'684'800;
    const bool isWall = end->tv_sec > thirtyYears;
    const timespec real = moved(*end, -offsetOf(isWall ? CLOCK_REALTIME : CLOCK_MONOTONIC));
    return wait(condition, mutex, &real);
}

} // extern "C"
