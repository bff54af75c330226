#include "widgets/vtk/PointCloudActor.h"

#include <vtkActor.h>
#include <vtkCellArray.h>
#include <vtkFloatArray.h>
#include <vtkObjectFactory.h>
#include <vtkOpenGLIndexBufferObject.h>
#include <vtkOpenGLPolyDataMapper.h>
#include <vtkOpenGLRenderWindow.h>
#include <vtkOpenGLState.h>
#include <vtkOpenGLVertexBufferObjectGroup.h>
#include <vtkPointData.h>
#include <vtkPoints.h>
#include <vtkPolyData.h>
#include <vtkRenderer.h>
#include <vtkShaderProgram.h>
#include <vtkShaderProperty.h>
#include <vtkTypeInt32Array.h>
#include <vtkUnsignedCharArray.h>
// After VTK's: it must see the same OpenGL header.
#include <vtk_glew.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {

namespace {

// Depth of a lit point goes to the front half of the depth buffer, of a greyed one to the back
// half: what is lit is never hidden by what is not.
constexpr const char* vertexShader = R"(//VTK::System::Dec
in vec4 vertexMC;
in vec4 scalarColor;
in float sizeFactor;
uniform mat4 MCDCMatrix;
uniform vec3 towards;
uniform float diameter;
uniform float focalDistance;
uniform float orthographicDepth;
uniform float fog;
uniform vec3 background;
uniform float ring;
uniform float bias;
flat out vec4 pointColor;
flat out float pointRadius;
void main()
{
  vec4 clip = MCDCMatrix * vec4(vertexMC.xyz, 1.0);
  float depth = -dot(towards, vertexMC.xyz);
  float nearness = focalDistance > 0.0 ? clamp(focalDistance / max(clip.w, 1e-6), 0.35, 3.0)
                                       : 1.0 - orthographicDepth * depth;
  float size = max(diameter * abs(sizeFactor) * nearness, 1.0);
  pointColor = scalarColor;
  pointColor.rgb = mix(pointColor.rgb, background, fog * smoothstep(-0.5, 1.0, depth));
  pointRadius = 0.5 * size + ring;
  gl_PointSize = 2.0 * pointRadius;
  bool clipped = clip.w <= 0.0 || clip.z < -clip.w;
  float side = sizeFactor < 0.0 ? 0.5 : -0.5;
  clip.z = 0.5 * clip.z + (side - bias) * clip.w;
  gl_Position = clipped ? vec4(2.0, 2.0, 2.0, 1.0) : clip;
}
)";

// Two programs rather than one with branches: a software renderer pays for both sides of a branch.
constexpr const char* discShader = R"(//VTK::System::Dec
//VTK::Output::Dec
flat in vec4 pointColor;
uniform float rim;
uniform float opacity;
void main()
{
  vec2 offset = 2.0 * gl_PointCoord - vec2(1.0);
  float squared = dot(offset, offset);
  if (squared > 1.0)
    discard;
  float shade = 1.0 - rim * squared * squared;
  gl_FragData[0] = vec4(pointColor.rgb * shade, pointColor.a * opacity);
}
)";

constexpr const char* ringShader = R"(//VTK::System::Dec
//VTK::Output::Dec
flat in vec4 pointColor;
flat in float pointRadius;
uniform float rim;
uniform float ring;
uniform vec3 ringColor;
uniform int ghost;
void main()
{
  vec2 offset = 2.0 * gl_PointCoord - vec2(1.0);
  float squared = dot(offset, offset);
  bool inside = pointRadius * (1.0 - sqrt(squared)) > ring;
  if (squared > 1.0 || (ghost == 1 && inside))
    discard;
  vec3 color = inside ? pointColor.rgb * (1.0 - rim * squared * squared) : ringColor;
  gl_FragData[0] = vec4(color, 1.0);
}
)";

/// Draws a range of the poly-vertex cell and hands the look to the shader.
class PointMapper : public vtkOpenGLPolyDataMapper {
 public:
  static PointMapper* New();
  vtkTypeMacro(PointMapper, vtkOpenGLPolyDataMapper)

      bool outlined = false;
  PointLook look;
  std::int64_t first = 0;
  std::int64_t wanted = 0;

  void RenderPieceDraw(vtkRenderer* renderer, vtkActor* actor) override
  {
    vtkOpenGLHelper& points = Primitives[PrimitivePoints];
    const auto available = static_cast<std::int64_t>(points.IBO->IndexCount);
    const std::int64_t begin = std::clamp<std::int64_t>(first, 0, available);
    const std::int64_t number = std::clamp<std::int64_t>(wanted, 0, available - begin);
    if (number == 0)
      return;
    UpdateShaders(points, renderer, actor);
    if (!points.Program)
      return;
    setUniforms(*points.Program);

    vtkOpenGLState* state =
        static_cast<vtkOpenGLRenderWindow*>(renderer->GetVTKWindow())->GetState();
    // Translucent points do not hide each other; the order of drawing is a fixed shuffle, so no
    // class of them comes out on top.
    state->vtkglDepthMask(look.opacity >= 1.0f && !look.ghost ? GL_TRUE : GL_FALSE);
    if (look.ghost)
      state->vtkglDisable(GL_DEPTH_TEST);
    else
      state->vtkglEnable(GL_DEPTH_TEST);
    state->vtkglEnable(GL_BLEND);
    state->vtkglBlendFuncSeparate(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA, GL_ONE,
                                  GL_ONE_MINUS_SRC_ALPHA);
    points.IBO->Bind();
    glDrawRangeElements(
        GL_POINTS, static_cast<GLuint>(begin), static_cast<GLuint>(begin + number - 1),
        static_cast<GLsizei>(number), GL_UNSIGNED_INT,
        reinterpret_cast<const GLvoid*>(static_cast<std::uintptr_t>(begin) * sizeof(GLuint)));
    points.IBO->Release();
    state->vtkglEnable(GL_DEPTH_TEST);
    state->vtkglDepthMask(GL_TRUE);
  }

 protected:
  PointMapper() = default;
  ~PointMapper() override = default;

 private:
  void setUniforms(vtkShaderProgram& program) const
  {
    const PointSizing& sizing = look.sizing;
    const Eigen::Vector3f towards = sizing.towards.cast<float>();
    program.SetUniform3f("towards", towards.data());
    program.SetUniformf("diameter", static_cast<float>(sizing.diameter));
    // The clip coordinates that reach the shader are divided by the radius.
    program.SetUniformf(
        "focalDistance",
        sizing.perspective ? static_cast<float>(sizing.focalDistance / sizing.radius) : -1.0f);
    program.SetUniformf("orthographicDepth", static_cast<float>(sizing.orthographicDepth));
    program.SetUniformf("fog", look.fog);
    program.SetUniform3f("background", look.background.data());
    program.SetUniformf("rim", look.rim);
    program.SetUniformf("ring", outlined ? look.ring : 0.0f);
    if (outlined) {
      program.SetUniform3f("ringColor", look.ringColor.data());
      program.SetUniformi("ghost", look.ghost ? 1 : 0);
    } else {
      program.SetUniformf("opacity", look.opacity);
    }
    program.SetUniformf("bias", outlined ? 1e-5f : 0.0f);
  }
};

vtkStandardNewMacro(PointMapper)

}  // namespace

double PointSizing::diameterOf(double factor, const Eigen::Vector3d& world, double clipW) const
{
  const double depth = -towards.dot(world - center) / radius;
  const double nearness =
      perspective ? std::clamp(focalDistance / clipW, 0.35, 3.0) : 1.0 - orthographicDepth * depth;
  return std::max(diameter * std::abs(factor) * nearness, 1.0);
}

struct PointCloudActor::Data {
  vtkNew<vtkActor> actor;
  vtkNew<PointMapper> mapper;
  vtkNew<vtkPolyData> points;
  vtkNew<vtkFloatArray> coordinates;
  vtkNew<vtkUnsignedCharArray> colors;
  vtkNew<vtkFloatArray> sizes;
  std::vector<FeatureId> order;
};

PointCloudActor::PointCloudActor(bool outlined) : m_data(std::make_unique<Data>())
{
  Data& d = *m_data;
  d.coordinates->SetNumberOfComponents(3);
  d.colors->SetNumberOfComponents(4);
  d.colors->SetName("colors");
  d.sizes->SetNumberOfComponents(1);
  d.sizes->SetName("sizes");
  vtkNew<vtkPoints> points;
  points->SetData(d.coordinates);
  d.points->SetPoints(points);
  d.points->GetPointData()->SetScalars(d.colors);
  d.points->GetPointData()->AddArray(d.sizes);
  d.mapper->SetInputData(d.points);
  d.mapper->SetColorModeToDirectScalars();
  d.mapper->SetScalarModeToUsePointData();
  d.mapper->SetVBOShiftScaleMethod(0);
  d.mapper->MapDataArrayToVertexAttribute("sizeFactor", "sizes",
                                          vtkDataObject::FIELD_ASSOCIATION_POINTS, -1);
  d.mapper->SetStatic(0);
  d.mapper->outlined = outlined;
  d.actor->SetMapper(d.mapper);
  d.actor->GetShaderProperty()->SetVertexShaderCode(vertexShader);
  d.actor->GetShaderProperty()->SetFragmentShaderCode(outlined ? ringShader : discShader);
  // Blending is our own affair: VTK's translucent pass would draw into other framebuffers.
  d.actor->ForceOpaqueOn();
  d.actor->SetVisibility(false);
}

PointCloudActor::~PointCloudActor() = default;

vtkProp* PointCloudActor::prop() const
{
  return m_data->actor;
}

void PointCloudActor::setPoints(const Positions& positions, std::vector<FeatureId> order,
                                const Eigen::Vector3d& center, double radius)
{
  Data& d = *m_data;
  d.order = std::move(order);
  const auto number = static_cast<vtkIdType>(d.order.size());
  const bool sameCount = d.coordinates->GetNumberOfTuples() == number;
  d.coordinates->SetNumberOfTuples(number);
  float* out = d.coordinates->GetPointer(0);
  for (const FeatureId feature : d.order) {
    const Eigen::Vector3d place = (positions.col(feature).cast<double>() - center) / radius;
    for (int axis = 0; axis < 3; ++axis)
      *out++ = static_cast<float>(place[axis]);
  }
  if (!sameCount) {
    vtkNew<vtkTypeInt32Array> offsets, ids;
    offsets->SetNumberOfTuples(2);
    offsets->SetValue(0, 0);
    offsets->SetValue(1, static_cast<int>(number));
    ids->SetNumberOfTuples(number);
    for (vtkIdType i = 0; i < number; ++i)
      ids->SetValue(i, static_cast<int>(i));
    vtkNew<vtkCellArray> cells;
    if (number > 0)
      cells->SetData(offsets, ids);
    d.points->SetVerts(cells);
    setRange(0, number);
  }
  d.coordinates->Modified();
  d.points->GetPoints()->Modified();
  d.points->Modified();
}

void PointCloudActor::setColors(const std::vector<std::uint32_t>& colors,
                                std::uint32_t defaultColor)
{
  Data& d = *m_data;
  d.colors->SetNumberOfTuples(static_cast<vtkIdType>(d.order.size()));
  unsigned char* out = d.order.empty() ? nullptr : d.colors->GetPointer(0);
  for (const FeatureId feature : d.order) {
    const auto index = static_cast<std::size_t>(feature);
    const std::uint32_t color = index < colors.size() ? colors[index] : defaultColor;
    *out++ = static_cast<unsigned char>(color >> 16);
    *out++ = static_cast<unsigned char>(color >> 8);
    *out++ = static_cast<unsigned char>(color);
    *out++ = static_cast<unsigned char>(color >> 24);
  }
  d.colors->Modified();
  d.points->Modified();
}

void PointCloudActor::setSizes(const std::vector<float>& factors)
{
  Data& d = *m_data;
  d.sizes->SetNumberOfTuples(static_cast<vtkIdType>(d.order.size()));
  float* out = d.order.empty() ? nullptr : d.sizes->GetPointer(0);
  for (const FeatureId feature : d.order) {
    const auto index = static_cast<std::size_t>(feature);
    *out++ = index < factors.size() ? factors[index] : 1.0f;
  }
  d.sizes->Modified();
  d.points->Modified();
}

void PointCloudActor::setLook(const PointLook& look)
{
  m_data->mapper->look = look;
}

void PointCloudActor::setRange(std::int64_t first, std::int64_t count)
{
  m_data->mapper->first = first;
  m_data->mapper->wanted = count;
  // Mappers without points are not safe everywhere in VTK.
  m_data->actor->SetVisibility(count > 0 && !m_data->order.empty());
}

std::int64_t PointCloudActor::count() const
{
  return static_cast<std::int64_t>(m_data->order.size());
}

}  // namespace orrery
