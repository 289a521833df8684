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
    if (isOnHeap())
        return heap().site;
    if constexpr (isSiteAWord)
        return std::bit_cast<SourceLocation>(m_word);
    else
        return {};
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
    if constexpr (isSiteAWord) {
        const auto left = std::bit_cast<std::uintptr_t>(site());
        Origin taken(std::move(*this));
        m_word = left;
        return taken;
    } else {
        return std::move(*this);
    }
}

} // namespace QJanitor::Private
