// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Texts that may come from anywhere, as the overlay shows them.

.pragma library

/// Puts \a parts where the places %1, %2 are, at one go: what a part says is no place.
function fill(text, parts) {
    return text.replace(/%([1-9])/g, (place, number) => parts[number - 1]);
}

/// Returns \a text as it stands in one line, as C++ does: see shown() in texts_p.h.
function shown(text) {
    const line = text.replace(
        /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, spelledOut);
    return line.length > 200 ? line.slice(0, 200) + "…" : line;
}

function spelledOut(character) {
    const code = character.charCodeAt(0);
    const names = { 0: "\\0", 9: "\\t", 10: "\\n", 13: "\\r" };
    return names[code] || "\\u" + code.toString(16).padStart(4, "0");
}
