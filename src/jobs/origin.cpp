// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "jobs/origin_p.h"

#include "report/texts_p.h"

namespace QJanitor::Private {

struct Origin::Named
{
    QString name;
    SourceLocation site;
};

std::uintptr_t Origin::named(const QString &name, const SourceLocation &site)
{
    static_assert(alignof(Named) > heapMark);
    return reinterpret_cast<std::uintptr_t>(new Named{name, site}) | heapMark;
}

void Origin::deleteNamed()
{
    delete &heap();
}

bool Origin::hasName() const
{
    return isOnHeap() && !heap().name.isEmpty();
}

QString Origin::name() const
{
    return isOnHeap() ? heap().name : QString();
}

SourceLocation Origin::site() const
{
    return isOnHeap() ? heap().site : siteIn<SourceLocation>(m_word);
}

QString Origin::siteText() const
{
    return Private::siteText(site());
}

Error Origin::sign(Error error) const
{
    return ErrorParts::named(std::move(error), name(), siteText());
}

Origin Origin::takeName()
{
    const SourceLocation left = site();
    Origin taken(std::move(*this));
    if constexpr (isWord<SourceLocation> || std::is_empty_v<SourceLocation>)
        m_word = wordOf(left); // else it would be on the heap again
    return taken;
}

} // namespace QJanitor::Private
