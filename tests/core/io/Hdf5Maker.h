// Writes small HDF5 files, sound and not, for the tests of the reader.
#pragma once

#include <hdf5.h>

#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace orrery::test {

/// Throws if the library did not do what a test asked of it.
inline hid_t made(hid_t id)
{
  if (id < 0)
    throw std::runtime_error("the HDF5 library refused to make the test's file");
  return id;
}

/// A file open for writing, closed at the end of the scope.
class Hdf5Maker {
 public:
  explicit Hdf5Maker(const std::filesystem::path& path, bool latest = false, hsize_t userBlock = 0)
  {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS), creation = H5Pcreate(H5P_FILE_CREATE);
    if (latest)
      H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    H5Pset_userblock(creation, userBlock);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    m_file = made(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, access));
    H5Pclose(access);
    H5Pclose(creation);
  }
  ~Hdf5Maker() { close(); }
  Hdf5Maker(const Hdf5Maker&) = delete;
  Hdf5Maker& operator=(const Hdf5Maker&) = delete;

  void close()
  {
    if (m_file >= 0)
      H5Fclose(m_file);
    m_file = -1;
  }
  [[nodiscard]] hid_t file() const { return m_file; }

  void group(const std::string& name)
  {
    H5Gclose(made(H5Gcreate2(m_file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
  }

  /// A dataset of @p fileType with @p values of @p memoryType; nothing is written without values.
  void dataset(const std::string& name, const std::vector<hsize_t>& shape, hid_t fileType,
               hid_t memoryType, const void* values,
               const std::function<void(hid_t properties)>& adjust = {},
               const std::vector<hsize_t>& largest = {})
  {
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    if (adjust)
      adjust(properties);
    const hid_t space = shape.empty()
                            ? H5Screate(H5S_SCALAR)
                            : H5Screate_simple(static_cast<int>(shape.size()), shape.data(),
                                               largest.empty() ? nullptr : largest.data());
    const hid_t dataset = made(
        H5Dcreate2(m_file, name.c_str(), fileType, space, H5P_DEFAULT, properties, H5P_DEFAULT));
    if (values)
      made(H5Dwrite(dataset, memoryType, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(properties);
  }

  void floats(const std::string& name, const std::vector<hsize_t>& shape,
              const std::vector<float>& values,
              const std::function<void(hid_t properties)>& adjust = {})
  {
    dataset(name, shape, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values.data(), adjust);
  }

  void texts(const std::string& name, const std::vector<const char*>& values)
  {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    dataset(name, {values.size()}, type, type, values.data());
    H5Tclose(type);
  }

  void textAttribute(const std::string& object, const std::string& name, const std::string& value)
  {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, value.size() + 1);
    attribute(object, name, {}, type, value.c_str());
    H5Tclose(type);
  }

  void attribute(const std::string& object, const std::string& name,
                 const std::vector<hsize_t>& shape, hid_t type, const void* value)
  {
    const hid_t space =
        shape.empty() ? H5Screate(H5S_SCALAR)
                      : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    const hid_t id = made(H5Acreate_by_name(m_file, object.c_str(), name.c_str(), type, space,
                                            H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    made(H5Awrite(id, type, value));
    H5Aclose(id);
    H5Sclose(space);
  }

  /// Where the first chunk of a dataset lies.
  [[nodiscard]] haddr_t firstChunk(const std::string& name, hsize_t& bytes) const
  {
    const hid_t dataset = made(H5Dopen2(m_file, name.c_str(), H5P_DEFAULT));
    H5Dflush(dataset);
    const hid_t space = H5Dget_space(dataset);
    hsize_t offset[H5S_MAX_RANK];
    unsigned skipped = 0;
    haddr_t address = HADDR_UNDEF;
    made(H5Dget_chunk_info(dataset, space, 0, offset, &skipped, &address, &bytes));
    H5Sclose(space);
    H5Dclose(dataset);
    return address;
  }

 private:
  hid_t m_file = -1;
};

/// Shape of chunks, for `adjust`.
inline std::function<void(hid_t)> chunked(std::vector<hsize_t> chunk,
                                          std::function<void(hid_t)> more = {})
{
  return [chunk = std::move(chunk), more = std::move(more)](hid_t properties) {
    H5Pset_chunk(properties, static_cast<int>(chunk.size()), chunk.data());
    if (more)
      more(properties);
  };
}

}  // namespace orrery::test
