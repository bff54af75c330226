#include "core/embedding/Embedding.h"

namespace orrery {

std::string displayName(EmbeddingMethod method)
{
  switch (method) {
    case EmbeddingMethod::Given:
      return "as given";
    case EmbeddingMethod::Pca:
      return "PCA";
    case EmbeddingMethod::Tsne:
      return "t-SNE";
    case EmbeddingMethod::Umap:
      return "UMAP";
  }
  return {};
}

}  // namespace orrery
