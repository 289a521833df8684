// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "report/texts_p.h"

#include <algorithm>

namespace QJanitor::Private {

using namespace Qt::StringLiterals;

/// Whether \a c neither ends a line nor turns the direction in which what follows is read.
static bool isPlain(QChar c)
{
    switch (c.unicode()) {
    case 0x061c: // the directional marks
    case 0x200e:
    case 0x200f:
        return false;
    default:
        break;
    }
    const bool turns = (c >= QChar(0x202a) && c <= QChar(0x202e)) || // embeddings and overrides
                       (c >= QChar(0x2066) && c <= QChar(0x2069));   // isolates
    return !turns && c.category() != QChar::Other_Control &&
           c.category() != QChar::Separator_Line && c.category() != QChar::Separator_Paragraph;
}

static QString spelledOut(QChar c)
{
    switch (c.unicode()) {
    case u'\0':
        return u"\\0"_s;
    case u'\n':
        return u"\\n"_s;
    case u'\r':
        return u"\\r"_s;
    case u'\t':
        return u"\\t"_s;
    default:
        return u"\\u%1"_s.arg(uint(c.unicode()), 4, 16, QChar(u'0'));
    }
}

QString shown(const QString &text, qsizetype most)
{
    if (text.size() <= most && std::all_of(text.begin(), text.end(), isPlain))
        return text;
    QString line;
    for (const QChar c : text) {
        const QString part = isPlain(c) ? QString(c) : spelledOut(c);
        if (line.size() + part.size() > most) {
            if (!line.isEmpty() && line.back().isHighSurrogate())
                line.chop(1); // its other half did not fit in
            return line + u'…';
        }
        line += part;
    }
    return line;
}

} // namespace QJanitor::Private
