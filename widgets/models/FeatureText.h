// Strangers' text on our screen: always plain, never markup, never invisible.
#pragma once

#include "core/base/Types.h"
#include "core/dictionary/Dictionary.h"

#include <QString>

#include <string>

namespace orrery {

/// The label for a line: control and direction-changing characters made visible, line breaks shown
/// as ⏎, cut after 200 characters. "(no label)" where there is none, "#12" where the dictionary has
/// none at all.
QString labelText(const Dictionary& dictionary, FeatureId feature);

/// Any text of a file, made visible in the same way and cut after @p length characters (0: whole).
QString visibleText(const std::string& text, int length = 200);

/// A tool tip that shows @p text as it is, wrapped: Qt would take anything tag-like for markup.
QString plainToolTip(const QString& text);

/// A number for a table cell: up to six significant digits, no locale; empty for NaN.
QString numberText(double value);

/// The value of @p column for @p feature, as a table cell shows it.
QString columnText(const Column& column, FeatureId feature);

}  // namespace orrery
