#include "widgets/vtk/OpenGlContext.h"

#include <QGuiApplication>
#include <QOffscreenSurface>
#include <QOpenGLContext>
#include <QSurfaceFormat>

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>
#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace orrery {

namespace {

bool contains(const char* extensions, std::string_view name)
{
  return extensions && std::string_view(extensions).find(name) != std::string_view::npos;
}

class EglContext final : public OpenGlContext {
 public:
  /// Null if @p display gives no OpenGL 3.2 core context that works without a surface.
  static std::shared_ptr<OpenGlContext> make(EGLDisplay display)
  {
    if (display == EGL_NO_DISPLAY || !eglInitialize(display, nullptr, nullptr))
      return nullptr;
    if (!contains(eglQueryString(display, EGL_EXTENSIONS), "EGL_KHR_surfaceless_context") ||
        !eglBindAPI(EGL_OPENGL_API))
      return nullptr;
    const EGLint configWish[] = {EGL_SURFACE_TYPE, EGL_DONT_CARE, EGL_RENDERABLE_TYPE,
                                 EGL_OPENGL_BIT, EGL_NONE};
    EGLConfig config = nullptr;
    EGLint count = 0;
    if (!eglChooseConfig(display, configWish, &config, 1, &count) || count < 1)
      return nullptr;
    const EGLint contextWish[] = {EGL_CONTEXT_MAJOR_VERSION,
                                  3,
                                  EGL_CONTEXT_MINOR_VERSION,
                                  2,
                                  EGL_CONTEXT_OPENGL_PROFILE_MASK,
                                  EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
                                  EGL_NONE};
    EGLContext context = eglCreateContext(display, config, EGL_NO_CONTEXT, contextWish);
    if (context == EGL_NO_CONTEXT)
      return nullptr;
    std::shared_ptr<EglContext> made(new EglContext(display, context));
    return made->makeCurrent() && made->inspect() ? made : nullptr;
  }

  ~EglContext() override { eglDestroyContext(m_display, m_context); }

  bool makeCurrent() override
  {
    if (eglGetCurrentContext() == m_context)
      return true;
    // The bound API is per thread and another library may have changed it.
    return eglBindAPI(EGL_OPENGL_API) &&
           eglMakeCurrent(m_display, EGL_NO_SURFACE, EGL_NO_SURFACE, m_context);
  }

 private:
  EglContext(EGLDisplay display, EGLContext context) : m_display(display), m_context(context) {}

  EGLDisplay m_display;
  EGLContext m_context;
};

std::shared_ptr<OpenGlContext> fromDevices(bool softwareOnly)
{
  const auto queryDevices =
      reinterpret_cast<PFNEGLQUERYDEVICESEXTPROC>(eglGetProcAddress("eglQueryDevicesEXT"));
  const auto queryDeviceString = reinterpret_cast<PFNEGLQUERYDEVICESTRINGEXTPROC>(
      eglGetProcAddress("eglQueryDeviceStringEXT"));
  const auto platformDisplay = reinterpret_cast<PFNEGLGETPLATFORMDISPLAYEXTPROC>(
      eglGetProcAddress("eglGetPlatformDisplayEXT"));
  const char* client = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
  if (!queryDevices || !queryDeviceString || !platformDisplay ||
      !contains(client, "EGL_EXT_platform_device"))
    return nullptr;

  EGLint count = 0;
  if (!queryDevices(0, nullptr, &count) || count < 1)
    return nullptr;
  std::vector<EGLDeviceEXT> devices(static_cast<std::size_t>(count));
  queryDevices(count, devices.data(), &count);
  const auto isSoftware = [&](EGLDeviceEXT device) {
    return contains(queryDeviceString(device, EGL_EXTENSIONS), "EGL_MESA_device_software");
  };
  std::stable_partition(devices.begin(), devices.end(),
                        [&](EGLDeviceEXT device) { return !isSoftware(device); });
  for (EGLDeviceEXT device : devices) {
    if (softwareOnly && !isSoftware(device))
      continue;
    if (auto context = EglContext::make(platformDisplay(EGL_PLATFORM_DEVICE_EXT, device, nullptr)))
      return context;
  }
  return nullptr;
}

std::shared_ptr<OpenGlContext> fromSurfaceless()
{
  const auto platformDisplay = reinterpret_cast<PFNEGLGETPLATFORMDISPLAYEXTPROC>(
      eglGetProcAddress("eglGetPlatformDisplayEXT"));
  if (!platformDisplay ||
      !contains(eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS), "EGL_MESA_platform_surfaceless"))
    return nullptr;
  return EglContext::make(
      platformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr));
}

class QtContext final : public OpenGlContext {
 public:
  static std::shared_ptr<OpenGlContext> make()
  {
    // Off-screen surfaces belong to the platform plugin; without an application there is none.
    if (!qobject_cast<QGuiApplication*>(QCoreApplication::instance()))
      return nullptr;
    QSurfaceFormat format;
    format.setVersion(3, 2);
    format.setProfile(QSurfaceFormat::CoreProfile);
    auto made = std::make_shared<QtContext>();
    made->m_context.setFormat(format);
    if (!made->m_context.create())
      return nullptr;
    made->m_surface.setFormat(made->m_context.format());
    made->m_surface.create();
    return made->makeCurrent() && made->inspect() ? made : nullptr;
  }

  bool makeCurrent() override
  {
    return QOpenGLContext::currentContext() == &m_context || m_context.makeCurrent(&m_surface);
  }

 private:
  QOpenGLContext m_context;
  QOffscreenSurface m_surface;
};

struct Shared {
  OpenGlChoice choice = OpenGlChoice::Automatic;
  bool tried = false;
  std::shared_ptr<OpenGlContext> context;
  QString failure;
};

/// Never destroyed: at the end of the process the driver's own exit handlers may already have run.
Shared& state()
{
  static auto* shared = new Shared;
  return *shared;
}

}  // namespace

bool OpenGlContext::inspect()
{
  GLint major = 0, minor = 0;
  glGetIntegerv(GL_MAJOR_VERSION, &major);
  glGetIntegerv(GL_MINOR_VERSION, &minor);
  if (10 * major + minor < 32)
    return false;
  m_renderer = QString::fromLatin1(reinterpret_cast<const char*>(glGetString(GL_RENDERER)));
  m_software = m_renderer.contains(QLatin1String("llvmpipe")) ||
               m_renderer.contains(QLatin1String("softpipe")) ||
               m_renderer.contains(QLatin1String("swrast"), Qt::CaseInsensitive);
  GLint renderbuffer = 0, texture = 0, viewport[2] = {0, 0};
  glGetIntegerv(GL_MAX_RENDERBUFFER_SIZE, &renderbuffer);
  glGetIntegerv(GL_MAX_TEXTURE_SIZE, &texture);
  glGetIntegerv(GL_MAX_VIEWPORT_DIMS, viewport);
  m_maximumSize = std::min({renderbuffer, texture, viewport[0], viewport[1]});
  GLfloat points[2] = {1.0f, 1.0f};
  glGetFloatv(GL_POINT_SIZE_RANGE, points);
  m_maximumPointSize = points[1];
  return m_maximumSize >= 256;
}

void OpenGlContext::choose(OpenGlChoice choice)
{
  if (choice == state().choice)
    return;
  state().choice = choice;
  state().tried = false;
  state().context.reset();
}

std::shared_ptr<OpenGlContext> OpenGlContext::shared()
{
  Shared& shared = state();
  if (shared.context && shared.context->isLost()) {
    shared.context.reset();
    shared.tried = false;
  }
  if (shared.tried)
    return shared.context;
  shared.tried = true;
  shared.failure.clear();
  if (shared.choice == OpenGlChoice::None) {
    shared.failure = QStringLiteral("OpenGL is switched off");
    return nullptr;
  }
  const bool software = shared.choice == OpenGlChoice::Software;
  if (software)
    qputenv("LIBGL_ALWAYS_SOFTWARE", "1");
  shared.context = fromDevices(software);
  if (!shared.context)
    shared.context = fromSurfaceless();
  if (!shared.context)
    shared.context = QtContext::make();
  if (!shared.context)
    shared.failure =
        QStringLiteral("no OpenGL 3.2 was found (install Mesa: libegl1, libgl1-mesa-dri)");
  return shared.context;
}

QString OpenGlContext::failure()
{
  return state().failure;
}

}  // namespace orrery
