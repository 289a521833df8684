// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Runs what the suites of one unit let several threads do, for the thread sanitizer.

#include "jobqueueraces.h"
#include "ledgerraces.h"
#include "mailboxraces.h"

#include <cstdio>
#include <string>
#include <string_view>

static std::string raceLedger(int round)
{
    return LedgerRaces::jobsComeAndGoWhileTheCalleeEnds(3, 20 * round) +
           LedgerRaces::daemonsEndWhileTheyAreHandedOn(3, 20 * round);
}

static std::string raceJobQueue(int round)
{
    return JobQueueRaces::everyJobIsTakenOnce(1 + round % 3, 1 + round % 2, 20 * round);
}

static std::string raceMailbox(int round)
{
    return MailboxRaces::everyTicketIsRead(3, 10 * round) +
           MailboxRaces::closingLosesNothing(3, 10 * round);
}

int main(int argc, char **argv)
{
    const std::string_view unit = argc > 1 ? argv[1] : "";
    auto *race = unit == "ledger"     ? raceLedger
                 : unit == "jobqueue" ? raceJobQueue
                 : unit == "mailbox"  ? raceMailbox
                                      : nullptr;
    if (!race) {
        std::fprintf(stderr, "usage: stress_races ledger|jobqueue|mailbox\n");
        return 2;
    }
    for (int round = 0; round < 100; ++round) {
        if (const std::string complaint = race(round); !complaint.empty()) {
            std::fprintf(stderr, "round %d: %s\n", round, complaint.c_str());
            return 1;
        }
    }
    return 0;
}
