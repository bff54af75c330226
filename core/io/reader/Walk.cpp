#include "core/io/reader/Walk.h"

#include "core/io/reader/Attributes.h"
#include "core/io/reader/DatasetLayout.h"
#include "core/io/reader/Handles.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace orrery::reader {
namespace {

constexpr int maxHops = 16;

struct Link {
  std::string name;
  H5L_type_t type = H5L_TYPE_ERROR;
  haddr_t address = HADDR_UNDEF;
};

struct LinkList {
  std::vector<Link> links;
  std::uint64_t room = 0;
  bool cut = false;
};

herr_t collectLink(hid_t, const char* name, const H5L_info_t* info, void* target)
{
  auto& list = *static_cast<LinkList*>(target);
  if (list.links.size() >= list.room) {
    list.cut = true;
    return 1;
  }
  list.links.push_back(
      {name, info->type, info->type == H5L_TYPE_HARD ? info->u.address : HADDR_UNDEF});
  return 0;
}

std::string joined(const std::string& group, const std::string& name)
{
  return group == "/" ? "/" + name : group + "/" + name;
}

/// The value of a soft link, or the file that an external one names.
std::string linkValue(hid_t group, const std::string& name)
{
  H5L_info_t info{};
  if (H5Lget_info(group, name.c_str(), &info, H5P_DEFAULT) < 0 || info.u.val_size == 0 ||
      info.u.val_size > maxNameBytes)
    return {};
  std::vector<char> value(info.u.val_size + 1);
  if (H5Lget_val(group, name.c_str(), value.data(), info.u.val_size, H5P_DEFAULT) < 0)
    return {};
  if (info.type != H5L_TYPE_EXTERNAL)
    return value.data();
  const char* file = nullptr;
  if (H5Lunpack_elink_val(value.data(), info.u.val_size, nullptr, &file, nullptr) < 0 || !file)
    return {};
  return file;
}

class Walk {
 public:
  Walk(hid_t file, std::uint64_t fileSize, const WalkReceiver& receiver)
      : m_file(file), m_fileSize(fileSize), m_receiver(receiver)
  {
  }

  void run()
  {
    H5O_info_t info{};
    if (H5Oget_info2(m_file, &info, H5O_INFO_BASIC) < 0)
      failWithStack("has a damaged root group");
    m_rootAddress = info.addr;
    m_names.emplace(info.addr, "/");
    m_pending.push_back({"/", info.addr, 0});
    while (!m_pending.empty()) {
      const Pending group = m_pending.back();
      m_pending.pop_back();
      visitGroup(group);
    }
    // Last, when every group's address and name are known.
    for (const SoftLink& link : m_softLinks)
      listSoftLink(link);
    if (m_tooMany)
      m_receiver.note("the listing was cut after " + std::to_string(maxObjects) + " objects");
    if (m_tooDeep)
      m_receiver.note("groups nested deeper than " + std::to_string(maxDepth) +
                      " levels are not listed");
    if (m_unreadable > 0)
      m_receiver.note(std::to_string(m_unreadable) +
                      (m_unreadable == 1 ? " group is" : " groups are") +
                      " damaged and not fully listed");
  }

 private:
  struct Pending {
    std::string path;
    haddr_t address = HADDR_UNDEF;
    std::uint32_t depth = 0;
  };
  struct SoftLink {
    std::string path;
    std::string groupPath;
    std::string target;
  };

  void visitGroup(const Pending& pending)
  {
    const Handle group(H5Oopen_by_addr(m_file, pending.address), H5Oclose);
    LinkList list;
    list.room = maxObjects - std::min<std::uint64_t>(m_count, maxObjects);
    bool whole = false;
    if (group.valid()) {
      ListedObject object;
      object.kind = ObjectKind::Group;
      object.name = pending.path;
      object.address = pending.address;
      object.attributes = readAttributes(group.id());
      m_receiver.object(object);
      whole = H5Literate(group.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collectLink, &list) >= 0;
    }
    if (!whole) {
      if (pending.path == "/" && list.links.empty())
        failWithStack("has a damaged root group");
      ++m_unreadable;
      H5Eclear2(H5E_DEFAULT);
    }
    m_tooMany = m_tooMany || list.cut;
    m_count += list.links.size();
    // Groups are stacked, so the first must be pushed last.
    std::vector<Pending> below;
    for (const Link& link : list.links) {
      const std::string path = joined(pending.path, link.name);
      if (path.size() > maxNameBytes)
        m_tooDeep = true;
      else if (link.type == H5L_TYPE_HARD)
        visitHardLink(path, link.address, pending.depth, below);
      else
        visitOtherLink(path, link, group.id(), pending.path);
    }
    std::move(below.rbegin(), below.rend(), std::back_inserter(m_pending));
  }

  void visitHardLink(const std::string& path, haddr_t address, std::uint32_t depth,
                     std::vector<Pending>& below)
  {
    const auto [known, isNew] = m_names.emplace(address, path);
    if (!isNew) {
      const auto dataset = m_datasets.find(address);
      if (dataset != m_datasets.end())
        listAlias(path, dataset->second);
      return;
    }
    const Handle object(H5Oopen_by_addr(m_file, address), H5Oclose);
    switch (object.valid() ? H5Iget_type(object.id()) : H5I_BADID) {
      case H5I_GROUP:
        if (depth + 1 > maxDepth)
          m_tooDeep = true;
        else
          below.push_back({path, address, depth + 1});
        break;
      case H5I_DATASET:
        listDataset(path, address, object.id());
        break;
      case H5I_DATATYPE:
        listProblem(path, "is a named type, not a dataset");
        break;
      default:
        H5Eclear2(H5E_DEFAULT);
        listProblem(path, "is damaged: the HDF5 library cannot open it");
        break;
    }
  }

  void visitOtherLink(const std::string& path, const Link& link, hid_t group,
                      const std::string& groupPath)
  {
    if (link.type == H5L_TYPE_SOFT)
      m_softLinks.push_back({path, groupPath, linkValue(group, link.name)});
    else if (link.type == H5L_TYPE_EXTERNAL)
      listProblem(path, "is a link to another file (" + linkValue(group, link.name) +
                            "), which is not followed");
    else
      listProblem(path, "is a link of an unknown kind, which is not followed");
    H5Eclear2(H5E_DEFAULT);
  }

  void listDataset(const std::string& path, haddr_t address, hid_t dataset)
  {
    const DatasetFacts facts = examineDataset(dataset, m_fileSize);
    ListedObject object;
    object.kind = ObjectKind::Dataset;
    object.name = path;
    object.address = address;
    object.shape = facts.shape;
    object.format = facts.type.format;
    object.typeName = facts.type.name;
    object.storedBytes = facts.storedBytes;
    object.problem = facts.problem;
    if (facts.layout == H5D_CONTIGUOUS && facts.problem.empty() &&
        facts.type.format.kind <= ElementKind::Boolean)
      object.offset = facts.offset;
    object.attributes = readAttributes(dataset);
    m_receiver.object(object);
    object.attributes.clear();
    m_datasets.emplace(address, std::move(object));
  }

  void listAlias(const std::string& path, ListedObject object)
  {
    object.aliasOf = object.name;
    object.name = path;
    m_receiver.object(object);
  }

  void listProblem(const std::string& path, const std::string& problem)
  {
    ListedObject object;
    object.name = path;
    object.problem = problem;
    m_receiver.object(object);
  }

  /// Where a path leads, over hard links and at most maxHops soft ones, all inside this file.
  struct Resolved {
    haddr_t address = HADDR_UNDEF;
    std::string problem;
  };
  Resolved resolve(const SoftLink& start) const
  {
    int hops = 1;
    std::deque<std::string> parts;
    const auto prepend = [&](std::string_view path) {
      std::vector<std::string> added;
      while (!path.empty()) {
        const std::size_t slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        if (!part.empty() && part != ".")
          added.emplace_back(part);
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
      }
      parts.insert(parts.begin(), added.begin(), added.end());
    };
    prepend(start.target);
    haddr_t address = m_rootAddress;
    if (start.target.empty() || start.target.front() != '/')
      prepend(start.groupPath);

    while (!parts.empty()) {
      const Handle group(H5Oopen_by_addr(m_file, address), H5Oclose);
      const std::string name = std::move(parts.front());
      parts.pop_front();
      H5L_info_t info{};
      if (!group.valid() || H5Iget_type(group.id()) != H5I_GROUP ||
          H5Lget_info(group.id(), name.c_str(), &info, H5P_DEFAULT) < 0)
        return {HADDR_UNDEF, "is a soft link to " + start.target + ", which does not exist"};
      if (info.type == H5L_TYPE_HARD) {
        address = info.u.address;
      } else if (info.type == H5L_TYPE_SOFT) {
        if (++hops > maxHops)
          return {HADDR_UNDEF, "is a soft link that leads back to itself (more than " +
                                   std::to_string(maxHops) + " links)"};
        const std::string target = linkValue(group.id(), name);
        if (!target.empty() && target.front() == '/')
          address = m_rootAddress;
        prepend(target);
        if (parts.size() > maxNameBytes)
          return {HADDR_UNDEF, "is a soft link that leads nowhere"};
      } else {
        return {HADDR_UNDEF, "is a soft link over a link to another file, which is not followed"};
      }
    }
    return {address, {}};
  }

  void listSoftLink(const SoftLink& link)
  {
    Resolved target = resolve(link);
    H5Eclear2(H5E_DEFAULT);
    if (target.problem.empty()) {
      const auto dataset = m_datasets.find(target.address);
      if (dataset != m_datasets.end())
        return listAlias(link.path, dataset->second);
      const auto known = m_names.find(target.address);
      target.problem =
          "is a soft link to " + link.target +
          (known == m_names.end() ? ", which is not in the listing" : ", which is not a dataset");
    }
    listProblem(link.path, target.problem);
  }

  hid_t m_file;
  std::uint64_t m_fileSize;
  const WalkReceiver& m_receiver;
  haddr_t m_rootAddress = HADDR_UNDEF;
  std::vector<Pending> m_pending;
  std::map<haddr_t, std::string> m_names;  ///< Everything seen, by address: the visited set.
  std::map<haddr_t, ListedObject> m_datasets;
  std::vector<SoftLink> m_softLinks;
  std::uint64_t m_count = 0;
  std::uint64_t m_unreadable = 0;
  bool m_tooMany = false;
  bool m_tooDeep = false;
};

}  // namespace

void walkFile(hid_t file, std::uint64_t fileSize, const WalkReceiver& receiver)
{
  Walk(file, fileSize, receiver).run();
}

}  // namespace orrery::reader
