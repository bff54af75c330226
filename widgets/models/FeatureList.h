// Lists that leave the window: copied as text, saved as tables, always with ids and labels.
#pragma once

#include "core/dictionary/Dictionary.h"
#include "core/document/Annotations.h"
#include "core/document/Document.h"
#include "core/io/ResultFile.h"

#include <QString>

#include <vector>

namespace orrery {

/// Ids, labels and all columns of @p features, in this order.
ResultTable featureTable(const Dictionary& dictionary, const std::vector<FeatureId>& features);

/// Rank, id, label and cosine (or distance) of a neighbour list, with what it was asked for.
ResultTable neighborTable(const Dictionary& dictionary, const NeighborList& list);

/// Where @p features lie on @p map: ids, labels, x, y and (of three dimensions) z; NaN without a
/// place. The options say what the map is.
ResultTable positionTable(const Dictionary& dictionary, const Embedding& map,
                          const std::vector<FeatureId>& features);

/// Every feature that has a note or a tag, or of @p features those that have: ids, labels, tags,
/// notes.
ResultTable noteTable(const Dictionary& dictionary, const LayerAnnotations& annotations,
                      const std::vector<FeatureId>& features);

/// The members of kept selections, one after the other: name of the selection, id, label.
ResultTable selectionTable(const Dictionary& dictionary,
                           const std::vector<NamedSelection>& selections);

/// What the clipboard takes: tab-separated, with a header row; spreadsheets and editors both know
/// it.
QString clipboardText(const ResultTable& table);

}  // namespace orrery
