// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Runs the programs that are made of threads with delays.cpp preloaded, one after the other, each
// with a seed of its own, until the time is over.
//
//     attack_delays [--seconds N] [--seed N] [--without-delays]
//
// The seed of a run that fails is printed. --seed with that number begins with it, and holds the
// same calls up for the same time.

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

struct Program
{
    const char *path;
    const char *arguments; ///< Of which "%u" is the seed.
};
// Each of them checks exact sums, or the whole state of the program, after each of its rounds.
constexpr std::array programs{
    Program{QJANITOR_STRESS_RANDOM, "--seconds 5 --seed %u"},
    Program{QJANITOR_ATTACK_MODEL, "--seconds 5 --seed %u"},
    Program{QJANITOR_STRESS_HANDOVER, "jobs"},
    Program{QJANITOR_STRESS_HANDOVER, "handed-on"},
    Program{QJANITOR_STRESS_HANDOVER, "futures"},
    Program{QJANITOR_STRESS_HANDOVER, "counted"},
};

unsigned long argument(int argc, char *argv[], const char *name, unsigned long otherwise)
{
    for (int i = 1; i + 1 < argc; ++i) {
        if (std::strcmp(argv[i], name) == 0)
            return std::strtoul(argv[i + 1], nullptr, 10);
    }
    return otherwise;
}

bool has(int argc, char *argv[], const char *name)
{
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], name) == 0)
            return true;
    }
    return false;
}

std::string commandFor(const Program &program, unsigned seed, bool withDelays)
{
    // A program goes on with the seeds that follow its own: the next run is to have others.
    const unsigned own = seed * 2'654'435'761U;
    char arguments[100];
    std::snprintf(arguments, sizeof arguments, program.arguments, own);
    std::string command;
    if (withDelays)
        command = "QJANITOR_ATTACK_SEED=" + std::to_string(seed) +
                  " LD_PRELOAD=" QJANITOR_ATTACK_DELAYS " ";
    return command + "timeout 170 " + program.path + " " + arguments;
}

} // namespace

int main(int argc, char *argv[])
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto first =
        unsigned(argument(argc, argv, "--seed", (unsigned long)(now.count()) % 1'000'000'000));
    const std::chrono::seconds duration(argument(argc, argv, "--seconds", 30));
    const bool withDelays = !has(argc, argv, "--without-delays");
    std::printf("attack_delays --seed %u\n", first);
    const auto end = std::chrono::steady_clock::now() + duration;
    unsigned seed = first;
    unsigned failures = 0;
    do {
        const std::string command = commandFor(programs[seed % programs.size()], seed, withDelays);
        std::fflush(stdout);
        if (std::system((command + " > attack_delays.log 2>&1").c_str()) != 0) {
            ++failures;
            std::printf("failed: attack_delays --seed %u --seconds 1\n    %s\n", seed,
                        command.c_str());
            (void)!std::system("head -n 200 attack_delays.log");
        }
        ++seed;
    } while (std::chrono::steady_clock::now() < end);
    std::printf("attack_delays: %u runs, seeds %u to %u, %u failed\n", seed - first, first,
                seed - 1, failures);
    return failures == 0 ? 0 : 1;
}
