// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// What fails in a process: its memory, its threads, its descriptors, its clocks, and that it is
// stopped. Whatever fails, no job is lost or counted twice, nothing hangs, and nothing is left
// behind.
//
//     attack_failures --seconds N [--seed N] [--kind KIND]
//     attack_failures --only KIND/SCENARIO/PLACE/N[/COUNT]
//
// Each case is a process of its own. First the n-th of each kind is refused in each scenario, for
// each n until the scenario ends without one (of clocks: for some n); then random ones, until the
// time is over. COUNT is how many are refused in a row; all: all that come in some 50 ms.

#include "scenarios.h"

#include <QtCore/qlogging.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

enum class Kind { Allocation, Thread, Descriptor, Suspend, Wallclock, Stop };
constexpr const char *kindNames[] = {"allocation", "thread",    "descriptor",
                                     "suspend",    "wallclock", "stop"};
constexpr int kindCount = int(std::size(kindNames));
constexpr const char *placeNames[] = {"main", "thread", "bare"};

/// Clocks are read often: some moments are enough.
bool isClock(int kind)
{
    return kind == int(Kind::Suspend) || kind == int(Kind::Wallclock);
}

struct Case
{
    int kind = 0;
    std::size_t scenario = 0;
    int place = 0;
    int n = 1;
    int count = 1;

    std::string sequence() const
    {
        return std::string(kindNames[kind]) + '/' + scenarios[scenario].name + '/' +
               placeNames[place];
    }
    std::string text() const
    {
        std::string text = sequence() + '/' + std::to_string(n);
        if (count != 1)
            text += '/' + (count < 0 ? std::string("all") : std::to_string(count));
        return text;
    }
};

/// Returns the number of \a name in \a names, or -1.
template<class Names>
int numberOf(const Names &names, std::string_view name)
{
    const auto found = std::find(std::begin(names), std::end(names), name);
    return found == std::end(names) ? -1 : int(found - std::begin(names));
}

/// Reads what Case::text() has written. Returns whether it is one.
bool read(std::string_view text, Case &out)
{
    std::vector<std::string> parts{{}};
    for (const char c : text) {
        if (c == '/')
            parts.emplace_back();
        else
            parts.back() += c;
    }
    if (parts.size() < 4 || parts.size() > 5)
        return false;
    out.kind = numberOf(kindNames, parts[0]);
    out.place = numberOf(placeNames, parts[2]);
    const auto end = scenarios + scenarioCount;
    const auto scenario =
        std::find_if(scenarios, end, [&parts](const Scenario &s) { return parts[1] == s.name; });
    out.scenario = std::size_t(scenario - scenarios);
    out.n = std::atoi(parts[3].c_str());
    out.count = parts.size() < 5    ? 1
                : parts[4] == "all" ? Injection::allOfAMoment
                                    : std::atoi(parts[4].c_str());
    return out.kind >= 0 && out.place >= 0 && scenario != end;
}

// ---- inside the process of a case

enum ExitCode { Well = 0, Complained = 1, WellAndNotReached = 10 };

void log(QtMsgType type, const QMessageLogContext &, const QString &text)
{
    const Injection::Own own;
    std::fprintf(stderr, "log: %s\n", qPrintable(text));
    if (type == QtFatalMsg)
        std::abort();
}

void describeAndEnd(int number)
{
    const Injection::Own own;
    std::fprintf(stderr, "ends here:\n");
    Injection::describeThisPlace();
    std::fprintf(stderr, "the first was refused here:\n");
    Injection::describeFirst();
    std::signal(number, SIG_DFL);
    std::raise(number);
}

int runInside(const Case &one)
{
    static Books books;
    Injection::prepare();
    ::qInstallMessageHandler(log);
    const bool stops = one.kind == int(Kind::Stop);
    // Who is stopped has nothing refused.
    const Injection::Plan plan{stops ? Injection::Kind::Thread : Injection::Kind(one.kind), one.n,
                               stops ? 0 : one.count};
    for (const int number : {SIGSEGV, SIGABRT, SIGBUS})
        std::signal(number, describeAndEnd);
    runAt(Place(one.place), scenarios[one.scenario], plan, books);
    const bool isWell = books.areWell();
    std::fprintf(stderr, "%d reached, %d refused\n", Injection::reached(), Injection::refused());
    if (!isWell) {
        Injection::describeFirst();
        return Complained;
    }
    return Injection::refused() > 0 || stops ? Well : WellAndNotReached;
}

// ---- the process that runs them

/// The process of one case.
class Child
{
public:
    explicit Child(const Case &one)
        : m_case(one)
        , m_output(::memfd_create("output", 0))
        , m_random(std::minstd_rand::result_type(one.n))
    {
        std::string text = one.text();
        char program[] = "/proc/self/exe";
        char inside[] = "--inside";
        char *arguments[] = {program, inside, text.data(), nullptr};
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, m_output, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, m_output, STDERR_FILENO);
        ::posix_spawn(&m_id, program, &actions, nullptr, arguments, environ);
        ::posix_spawn_file_actions_destroy(&actions);
        planStop();
    }
    ~Child() { ::close(m_output); }
    Q_DISABLE_COPY_MOVE(Child)

    const Case &what() const { return m_case; }
    /// Looks after it. Returns whether it has ended.
    bool hasEnded()
    {
        const auto now = Clock::now();
        if (::waitpid(m_id, &m_status, WNOHANG) == m_id)
            return true;
        if (m_case.kind == int(Kind::Stop) && now >= m_nextStop)
            stopOrContinue();
        if (now - m_begin < patience)
            return false;
        m_hangs = true;
        ::kill(m_id, SIGCONT);
        ::kill(m_id, SIGKILL);
        ::waitpid(m_id, &m_status, 0);
        return true;
    }
    bool isWell() const
    {
        return WIFEXITED(m_status) &&
               (WEXITSTATUS(m_status) == Well || WEXITSTATUS(m_status) == WellAndNotReached);
    }
    bool isReached() const { return WIFEXITED(m_status) && WEXITSTATUS(m_status) == Well; }
    int stops() const { return m_stops; }

    /// \a when is a text behind the case.
    void printFailure(const std::string &when = {}) const
    {
        std::printf("FAILS: %s", m_case.text().c_str());
        if (m_hangs)
            std::printf(", hangs");
        else if (WIFSIGNALED(m_status))
            std::printf(", signal %d", WTERMSIG(m_status));
        else
            std::printf(", exit code %d", WEXITSTATUS(m_status));
        std::printf("%s\n%s    attack_failures --only %s\n", when.c_str(), output().c_str(),
                    m_case.text().c_str());
        std::fflush(stdout);
    }

private:
    static constexpr std::chrono::seconds patience{10};

    void planStop() { m_nextStop = Clock::now() + std::chrono::microseconds(m_random() % 20'000); }
    void stopOrContinue()
    {
        m_isStopped = !m_isStopped;
        m_stops += m_isStopped;
        ::kill(m_id, m_isStopped ? SIGSTOP : SIGCONT);
        planStop();
    }
    std::string output() const
    {
        std::string text(std::size_t(::lseek(m_output, 0, SEEK_END)), '\0');
        const auto length = ::pread(m_output, text.data(), text.size(), 0);
        text.resize(std::size_t(std::max<ssize_t>(length, 0)));
        return text;
    }

    const Case m_case;
    const int m_output;
    const Clock::time_point m_begin = Clock::now();
    std::minstd_rand m_random;
    Clock::time_point m_nextStop;
    pid_t m_id = -1;
    int m_status = 0;
    int m_stops = 0;
    bool m_isStopped = false;
    bool m_hangs = false;
};

/// All n of one kind in one scenario at one place.
struct Sequence
{
    Case next;
    int reached = 0; ///< The largest n that was there.
    bool isDone = false;
    bool isRunning = false;
};

class Machine
{
public:
    /// \a onlyKind is the number of a kind, or -1 for all.
    Machine(unsigned seed, std::chrono::seconds time, int onlyKind)
        : m_random(seed)
        , m_end(Clock::now() + time)
    {
        for (int kind = 0; kind < kindCount; ++kind) {
            for (std::size_t scenario = 0; scenario < scenarioCount; ++scenario) {
                if (onlyKind >= 0 && kind != onlyKind)
                    continue;
                for (int place = 0; place < scenarios[scenario].places; ++place)
                    m_sequences.push_back({{kind, scenario, place, isClock(kind) ? 5 : 1, 1}});
            }
        }
        std::shuffle(m_sequences.begin(), m_sequences.end(), m_random);
    }

    /// Returns whether all were well.
    bool run()
    {
        const std::size_t most = std::max(2U, std::thread::hardware_concurrency());
        while (Clock::now() < m_end || !m_children.empty()) {
            while (Clock::now() < m_end && m_children.size() < most)
                m_children.push_back(std::make_unique<Child>(nextCase()));
            std::erase_if(m_children, [this](const std::unique_ptr<Child> &child) {
                if (!child->hasEnded())
                    return false;
                note(*child);
                return true;
            });
            std::this_thread::sleep_for(500us);
        }
        printFigures();
        return m_failures == 0;
    }

private:
    Case nextCase()
    {
        // In turns, so that each has had some if the time is short.
        for (std::size_t i = 0; i < m_sequences.size(); ++i) {
            Sequence &sequence = m_sequences[m_turn++ % m_sequences.size()];
            if (!sequence.isDone && !sequence.isRunning) {
                sequence.isRunning = true;
                return sequence.next;
            }
        }
        return randomCase();
    }

    Case randomCase()
    {
        const auto draw = [this](int end) {
            return int(m_random() % std::minstd_rand::result_type(end));
        };
        for (;;) {
            const Sequence &sequence = m_sequences[std::size_t(draw(int(m_sequences.size())))];
            Case one = sequence.next;
            if (one.kind == int(Kind::Stop)) {
                one.n = draw(1'000'000);
                return one;
            }
            if (sequence.reached == 0)
                continue;
            one.n = 1 + draw(sequence.reached);
            constexpr std::array counts{1, 2, 3, 10, 30, Injection::allOfAMoment};
            one.count = counts[std::size_t(draw(int(counts.size())))];
            return one;
        }
    }

    void note(const Child &child)
    {
        const Case &one = child.what();
        ++m_cases[std::size_t(one.kind)];
        m_refused[std::size_t(one.kind)] +=
            one.kind == int(Kind::Stop) ? child.stops() : int(child.isReached());
        ++m_rounds;
        if (!child.isWell()) {
            ++m_failures;
            const auto time =
                std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - m_begin);
            child.printFailure(", in round " + std::to_string(m_rounds) + " after " +
                               std::to_string(time.count()) + " s");
        }
        for (Sequence &sequence : m_sequences) {
            if (!sequence.isRunning || sequence.next.sequence() != one.sequence() ||
                sequence.next.n != one.n)
                continue;
            sequence.isRunning = false;
            goOn(sequence, child);
        }
    }

    /// To the next n. One that was not reached may be for once, for threads are quick and slow.
    void goOn(Sequence &sequence, const Child &child)
    {
        constexpr int mostStops = 3;
        if (child.isReached() || !child.isWell())
            sequence.reached = sequence.next.n;
        else
            sequence.isDone = true;
        if (sequence.next.kind == int(Kind::Stop) && sequence.next.n >= mostStops)
            sequence.isDone = true;
        sequence.next.n =
            isClock(sequence.next.kind) ? sequence.next.n * 3 / 2 + 1 : sequence.next.n + 1;
    }

    void printFigures() const
    {
        const auto open = std::count_if(m_sequences.begin(), m_sequences.end(),
                                        [](const Sequence &sequence) { return !sequence.isDone; });
        int all = 0;
        std::string text;
        for (int kind = 0; kind < kindCount; ++kind) {
            const auto number = std::size_t(kind);
            all += m_cases[number];
            text += std::string(", ") + kindNames[kind] + ' ' + std::to_string(m_refused[number]) +
                    '/' + std::to_string(m_cases[number]);
        }
        std::printf("%d rounds%s; of %zu sequences, %zu were cut; %d failed\n", all, text.c_str(),
                    m_sequences.size(), std::size_t(open), m_failures);
    }

    std::mt19937 m_random;
    const Clock::time_point m_begin = Clock::now();
    const Clock::time_point m_end;
    std::vector<Sequence> m_sequences;
    std::size_t m_turn = 0;
    std::vector<std::unique_ptr<Child>> m_children;
    std::array<int, kindCount> m_cases{};
    std::array<int, kindCount> m_refused{};
    int m_rounds = 0;
    int m_failures = 0;
};

int runOnly(const Case &one)
{
    Child child(one);
    while (!child.hasEnded())
        std::this_thread::sleep_for(500us);
    if (!child.isWell()) {
        child.printFailure();
        return 1;
    }
    std::printf("%s is well%s\n", one.text().c_str(), child.isReached() ? "" : ", and not reached");
    return 0;
}

} // namespace

int main(int argc, char *argv[])
{
    std::map<std::string_view, const char *> options;
    for (int i = 1; i + 1 < argc; i += 2)
        options[argv[i]] = argv[i + 1];
    Case one;
    if (options.contains("--inside"))
        return read(options["--inside"], one) ? runInside(one) : 2;
    if (options.contains("--only"))
        return read(options["--only"], one) ? runOnly(one) : 2;
    if (!options.contains("--seconds")) {
        std::puts("attack_failures --seconds N [--seed N] | --only CASE");
        return 2;
    }
    const unsigned seed = options.contains("--seed")
                              ? unsigned(std::strtoul(options["--seed"], nullptr, 10))
                              : std::random_device()();
    std::printf("attack_failures --seed %u\n", seed);
    std::fflush(stdout);
    const int kind = options.contains("--kind") ? numberOf(kindNames, options["--kind"]) : -1;
    return Machine(seed, std::chrono::seconds(std::atoi(options["--seconds"])), kind).run() ? 0 : 1;
}
