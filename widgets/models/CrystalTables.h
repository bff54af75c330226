// Relations, families, crystals and measures as rows.
#pragma once

#include "core/document/CrystalStudy.h"
#include "widgets/models/ValueTableModel.h"
#include "widgets/views/PlanarDrawing.h"
#include "widgets/views/PlanesView.h"

#include <QString>

#include <vector>

namespace orrery {

struct ValueRows {
  std::vector<ValueColumn> columns;
  std::vector<std::vector<QVariant>> rows;
};

/// "man : woman :: king : queen".
QString crystalText(const Dictionary& dictionary, const Crystal& crystal);

ValueRows relationRows(const std::vector<ScoredRelation>& relations);
ValueRows familyRows(const Dictionary& dictionary, const CrystalFindings& findings);
/// Row i is crystal i of the findings. The first columns are the row, the family and the labels.
ValueRows crystalRows(const Dictionary& dictionary, const CrystalFindings& findings);
inline constexpr int crystalFamilyColumn = 1;
inline constexpr int crystalScoreColumn = 3;
/// Every measure before and after, each beside what random quadruples give.
ValueRows measureRows(const CrystalReport& report, std::int64_t features);
ValueRows fourthCornerRows(const Dictionary& dictionary, const CrystalReport& report);
ValueRows criterionRows(const WhyNotReport& report);

PlanarPicture planarPicture(const Dictionary& dictionary, const CrystalReport& report);
/// Differences and words (arXiv:2410.19750, figures 2 and 1), each in two planes.
std::vector<PlanesPicture> planesPictures(const Dictionary& dictionary,
                                          const RelationPlanes& planes);

}  // namespace orrery
