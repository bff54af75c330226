#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/results/ResultFormats.h"
#include "core/io/text/TextDecoding.h"

#include <hdf5.h>

#include <mutex>
#include <set>
#include <utility>

namespace orrery {
namespace {

/// An identifier of the library that closes itself.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t), const char* step) : m_id(id), m_close(close)
  {
    if (m_id < 0)
      throw Error(std::string("The HDF5 library could not ") + step);
  }
  ~Handle() { m_close(m_id); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return m_id; }

 private:
  hid_t m_id;
  herr_t (*m_close)(hid_t);
};

void check(herr_t status, const std::string& step)
{
  if (status < 0)
    throw Error("The HDF5 library could not " + step);
}

Handle textType()
{
  return {H5Tcopy(H5T_C_S1), H5Tclose, "make a text type"};
}

/// UTF-8 of any length, as h5py writes it.
void makeUtf8(hid_t type)
{
  check(H5Tset_size(type, H5T_VARIABLE), "make a text type");
  check(H5Tset_cset(type, H5T_CSET_UTF8), "make a text type");
}

template <typename Number>
hid_t numberType()
{
  if constexpr (std::is_same_v<Number, float>)
    return H5T_IEEE_F32LE;
  else if constexpr (std::is_same_v<Number, double>)
    return H5T_IEEE_F64LE;
  else if constexpr (std::is_same_v<Number, std::int32_t>)
    return H5T_STD_I32LE;
  else
    return H5T_STD_I64LE;
}

hid_t makeSpace(const std::vector<std::int64_t>& shape)
{
  if (shape.empty())
    return H5Screate(H5S_SCALAR);
  const std::vector<hsize_t> lengths(shape.begin(), shape.end());
  return H5Screate_simple(static_cast<int>(lengths.size()), lengths.data(), nullptr);
}

void addDataset(hid_t file, const ResultArray& array, hid_t type, const void* values)
{
  const std::string step = "store the result '" + displayText(array.name) + "'";
  const Handle space(makeSpace(array.shape), H5Sclose, step.c_str());
  const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose, step.c_str());
  // "phi/2" makes a group; names are UTF-8.
  check(H5Pset_create_intermediate_group(links, 1), step);
  check(H5Pset_char_encoding(links, H5T_CSET_UTF8), step);
  const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, step.c_str());
  // No times: the same result gives the same bytes whenever it is saved.
  check(H5Pset_obj_track_times(creation, false), step);
  const Handle dataset(
      H5Dcreate2(file, array.name.c_str(), type, space, links, creation, H5P_DEFAULT), H5Dclose,
      step.c_str());
  if (H5Sget_simple_extent_npoints(space) > 0)
    check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), step);
}

void addArray(hid_t file, const ResultArray& array)
{
  std::visit(
      [&](const auto& values) {
        using Value = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<Value, std::string>) {
          std::vector<std::string> sound(values.size());
          std::vector<const char*> texts;
          for (std::size_t i = 0; i < values.size(); ++i) {
            // The library's texts end at the first NUL, so that one is replaced as well.
            appendRepaired(sound[i], values[i]);
            texts.push_back(sound[i].c_str());
          }
          const Handle type = textType();
          makeUtf8(type);
          addDataset(file, array, type, texts.data());
        } else {
          addDataset(file, array, numberType<Value>(), values.data());
        }
      },
      array.values);
}

void addOption(hid_t file, const std::string& name, const std::string& value)
{
  const std::string step = "store the option '" + displayText(name) + "'";
  const Handle type = textType();
  makeUtf8(type);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose, step.c_str());
  const Handle attribute(H5Acreate2(file, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
                         H5Aclose, step.c_str());
  std::string sound;
  appendRepaired(sound, value);
  const char* const text = sound.c_str();
  check(H5Awrite(attribute, type, &text), step);
}

std::string imageOf(hid_t file)
{
  check(H5Fflush(file, H5F_SCOPE_GLOBAL), "finish the file");
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  if (size <= 0)
    throw Error("The HDF5 library could not finish the file");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (H5Fget_file_image(file, bytes.data(), bytes.size()) != size)
    throw Error("The HDF5 library could not finish the file");
  return bytes;
}

}  // namespace

std::string hdf5Bytes(const ResultTable& table)
{
  // The library is not made for several threads.
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  check(H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr), "begin");
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "begin a file");
  constexpr std::size_t growth = 8u << 20;
  check(H5Pset_fapl_core(access, growth, false), "keep a file in memory");
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "begin a file");
  check(H5Pset_obj_track_times(creation, false), "begin a file");
  const Handle file(H5Fcreate("orrery-result", H5F_ACC_TRUNC, creation, access), H5Fclose,
                    "begin a file");
  std::set<std::string> names;
  for (const ResultArray& array : table.arrays) {
    if (array.name.empty() || !names.insert(array.name).second)
      throw Error("Two results have the name '" + displayText(array.name) + "', or it is empty");
    addArray(file, array);
  }
  for (const auto& [name, value] : table.options)
    if (!name.empty())
      addOption(file, name, value);
  return imageOf(file);
}

}  // namespace orrery
