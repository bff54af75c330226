#include "widgets/panels/VectorPanel.h"

#include "core/document/CountText.h"
#include "widgets/models/FeatureText.h"

#include <QGridLayout>
#include <QSignalBlocker>
#include <QVBoxLayout>

namespace orrery {

VectorPanel::VectorPanel(Document* document, VectorStudy* study, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_study(study),
      m_about(new QLabel(this)),
      m_list(new QListWidget(this))
{
  setAccessibleName(tr("Vectors"));
  m_about->setTextFormat(Qt::PlainText);
  m_about->setWordWrap(true);
  m_about->setAccessibleName(tr("About the vectors"));
  m_about->setForegroundRole(QPalette::PlaceholderText);
  m_list->setAccessibleName(tr("Loaded vectors"));
  m_list->setSelectionMode(QAbstractItemView::ExtendedSelection);
  const auto button = [this](const QString& text, const QString& tip) {
    auto* made = new QPushButton(text, this);
    made->setToolTip(tip);
    made->setAutoDefault(false);
    return made;
  };
  m_load = button(tr("&Load…"),
                  tr("Read probes, steering vectors or other directions from any file that can be "
                     "opened"));
  m_mean = button(tr("&Mean of selection"),
                  tr("The mean direction of the selected features, each of length one"));
  m_remove = button(tr("&Remove"), tr("Forget the marked vectors"));
  m_rank = button(tr("Ran&k features"),
                  tr("A column with every feature's cosine with the vector, and colours by it"));
  m_add = button(tr("Set among &points"),
                 tr("A layer that has the vectors after its features, placed on the map that is "
                    "shown"));
  m_takeOut = button(tr("&Take out"),
                     tr("A layer whose features have lost what they share with the vectors: the "
                        "space without these directions"));
  auto* buttons = new QGridLayout;
  buttons->setSpacing(5);
  buttons->addWidget(m_load, 0, 0);
  buttons->addWidget(m_mean, 0, 1);
  buttons->addWidget(m_rank, 1, 0);
  buttons->addWidget(m_add, 1, 1);
  buttons->addWidget(m_takeOut, 2, 0);
  buttons->addWidget(m_remove, 2, 1);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(8, 6, 8, 8);
  layout->setSpacing(6);
  layout->addWidget(m_about);
  layout->addWidget(m_list, 1);
  layout->addLayout(buttons);
  connect(m_load, &QPushButton::clicked, this, &VectorPanel::loadRequested);
  connect(m_mean, &QPushButton::clicked, study, &VectorStudy::addMeanOfSelection);
  connect(m_remove, &QPushButton::clicked, this, [this] { m_study->remove(chosen()); });
  connect(m_rank, &QPushButton::clicked, this, [this] { m_study->rank(chosen()); });
  connect(m_add, &QPushButton::clicked, this, [this] { m_study->addAsPoints(chosen()); });
  connect(m_takeOut, &QPushButton::clicked, this, [this] { m_study->takeOut(chosen()); });
  connect(m_list, &QListWidget::itemSelectionChanged, this, &VectorPanel::showButtons);
  connect(study, &VectorStudy::changed, this, &VectorPanel::showVectors);
  connect(document->selection(), &SelectionModel::changed, this, &VectorPanel::showButtons);
  showVectors();
}

std::vector<std::size_t> VectorPanel::chosen() const
{
  std::vector<std::size_t> marked, all;
  for (int row = 0; row < m_list->count(); ++row) {
    const auto index = static_cast<std::size_t>(row);
    if (m_study->fits(index))
      all.push_back(index);
    if (m_list->item(row)->isSelected())
      marked.push_back(index);
  }
  return marked.empty() ? all : marked;
}

void VectorPanel::showVectors()
{
  const QSignalBlocker quiet(m_list);
  m_list->clear();
  const auto& vectors = m_study->vectors();
  std::int64_t waiting = 0;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    auto* item = new QListWidgetItem(visibleText(vectors[i].name, 100), m_list);
    const bool fits = m_study->fits(i);
    waiting += fits ? 0 : 1;
    const QString about = tr("%1, from %2")
                              .arg(countText(vectors[i].values.size(), tr("number"), tr("numbers")),
                                   visibleText(vectors[i].source, 120));
    item->setToolTip(plainToolTip(about));
    item->setData(Qt::AccessibleDescriptionRole, about);
    if (!fits)
      item->setFlags(item->flags() & ~Qt::ItemIsEnabled);
  }
  const QString count =
      countText(static_cast<std::int64_t>(vectors.size()), tr("vector"), tr("vectors"));
  m_about->setText(
      vectors.empty() ? tr("Probes, steering vectors and other directions of the same "
                           "space: load them, or take "
                           "the mean of a selection.")
      : waiting == 0  ? tr("%1. What is done is done with the marked ones, or with all.").arg(count)
                      : tr("%1, %2 of another length than this layer's features.")
                           .arg(count, displayCount(waiting)));
  showButtons();
}

void VectorPanel::showButtons()
{
  const bool open = m_document->layer() != nullptr;
  const bool any = open && !chosen().empty();
  m_load->setEnabled(open);
  m_mean->setEnabled(open && !m_document->selection()->features().empty());
  m_remove->setEnabled(!m_list->selectedItems().isEmpty());
  for (QPushButton* button : {m_rank, m_add, m_takeOut})
    button->setEnabled(any);
}

}  // namespace orrery
