# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# The contract, clause by clause: each suite follows one part of what is promised to callers. They use
# nothing but the public headers; contract/ has what they share.
qjanitor_test(contract_results)   # values, results, exceptions
qjanitor_test(contract_ambient)   # who is ambient where
qjanitor_test(contract_spawning)  # what is accepted, decided before anything starts
qjanitor_test(contract_jobs)      # what can be a job, and how it fails
qjanitor_test(contract_failure)   # the default policy: fail fast and hand on
qjanitor_test(contract_policies)  # the policies that wait; requests to stop
qjanitor_test(contract_matrix)    # each policy, kind and moment of failure
qjanitor_test(contract_order)     # the order at the end
qjanitor_test(contract_waiting)   # how each kind of thread waits
qjanitor_test(contract_threads)   # pools and threads
qjanitor_test(contract_exec)      # the application janitor
qjanitor_test(contract_root)      # the safety net, and programs without an application
qjanitor_test(contract_status)    # a janitor seen by a QObject
qjanitor_test(contract_originals) # the original's defects
qjanitor_test(contract_stress)    # random nesting, each job counted
