// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <qjanitor/error.h>
#include <qjanitor/private/sourcelocation.h>

#include <bit>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace QJanitor::Private {

/*!
    Where a job comes from: its call site, and its name if it has one. As big as a pointer.

    Whoever lists jobs reads it under the janitor's lock; so a name is taken out under that lock, or once
    the job is in no list.
*/
class Origin
{
public:
    Origin() = default;
    /// Allocates if there is a name, so call it before the lock. \a name may be null.
    Origin(const QString *name, const SourceLocation &site)
        : m_word(name && !name->isEmpty() ? named(*name, site) : wordOf(site))
    {}
    Origin(Origin &&other) noexcept
        : m_word(std::exchange(other.m_word, 0))
    {}
    Origin &operator=(Origin &&other) noexcept
    {
        std::swap(m_word, other.m_word);
        return *this;
    }
    ~Origin()
    {
        if (isOnHeap())
            deleteNamed();
    }

    bool hasName() const;
    QString name() const;
    SourceLocation site() const;
    QString siteText() const; ///< "file.cpp:42"
    /// Returns \a error as the failure of this job.
    Error sign(Error error) const;

    /// Returns all of it, and leaves the site. A name that only has to be forgotten goes with what is
    /// returned.
    [[nodiscard]] Origin takeName();
    /// Whether takeName() would return a name; at no cost where a site is as big as a pointer.
    bool isOnHeap() const { return m_word & heapMark; }

private:
    struct Named;
    static constexpr std::uintptr_t heapMark = 1;
    /// A site is a pointer to what the compiler keeps of it; elsewhere it is empty, or goes to the heap.
    template<class Site>
    static constexpr bool isWord = sizeof(Site) == sizeof(std::uintptr_t);

    static std::uintptr_t named(const QString &name, const SourceLocation &site);
    // Templates, so that only what fits is compiled.
    template<class Site>
    static std::uintptr_t wordOf(const Site &site)
    {
        if constexpr (isWord<Site>)
            return std::bit_cast<std::uintptr_t>(site);
        else if constexpr (std::is_empty_v<Site>)
            return 0;
        else
            return named(QString(), site);
    }
    template<class Site>
    static Site siteIn([[maybe_unused]] std::uintptr_t word)
    {
        if constexpr (isWord<Site>)
            return std::bit_cast<Site>(word);
        else
            return {};
    }
    Named &heap() const { return *reinterpret_cast<Named *>(m_word & ~heapMark); }
    void deleteNamed();

    std::uintptr_t m_word = 0; ///< A site, or a Named and the mark.
};

} // namespace QJanitor::Private
