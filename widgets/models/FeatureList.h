// Lists that leave the window: copied as text, saved as tables, always with ids and labels.
#pragma once

#include "core/dictionary/Dictionary.h"
#include "core/document/Document.h"
#include "core/io/ResultFile.h"

#include <QString>

#include <vector>

namespace orrery {

/// Ids, labels and all columns of @p features, in this order.
ResultTable featureTable(const Dictionary& dictionary, const std::vector<FeatureId>& features);

/// Rank, id, label and cosine (or distance) of a neighbour list, with what it was asked for.
ResultTable neighborTable(const Dictionary& dictionary, const NeighborList& list);

/// What the clipboard takes: tab-separated, with a header row; spreadsheets and editors both know
/// it.
QString clipboardText(const ResultTable& table);

}  // namespace orrery
