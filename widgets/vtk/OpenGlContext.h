// An OpenGL 3.2 core context with no window and no X server, shared by everything that draws.
#pragma once

#include <QString>

#include <memory>

namespace orrery {

/// What `--software-gl` and the guard against drivers that crash at start choose from.
enum class OpenGlChoice {
  Automatic,  ///< A GPU where there is one, else Mesa's software renderer.
  Software,
  None  ///< No OpenGL at all: views show a note, tables and plots go on working.
};

/// EGL devices first (a GPU needs no X server then), Mesa's surfaceless platform next, and Qt's own
/// context where there is no EGL. GUI thread only.
class OpenGlContext {
 public:
  virtual ~OpenGlContext() = default;
  OpenGlContext(const OpenGlContext&) = delete;
  OpenGlContext& operator=(const OpenGlContext&) = delete;

  /// Must be called before the first shared(); later calls hold for contexts made afterwards.
  static void choose(OpenGlChoice choice);

  /// The one context of the process, or null where OpenGL 3.2 cannot be had; failure() says why. A
  /// context that was lost is made anew.
  static std::shared_ptr<OpenGlContext> shared();
  static QString failure();

  /// False if the context is lost (driver reset, GPU gone).
  virtual bool makeCurrent() = 0;

  [[nodiscard]] const QString& renderer() const { return m_renderer; }
  [[nodiscard]] bool isSoftware() const { return m_software; }
  /// Largest width and height of a framebuffer.
  [[nodiscard]] int maximumSize() const { return m_maximumSize; }
  [[nodiscard]] float maximumPointSize() const { return m_maximumPointSize; }
  void markLost() { m_lost = true; }
  [[nodiscard]] bool isLost() const { return m_lost; }

 protected:
  OpenGlContext() = default;
  /// Reads version, renderer and limits of the current context; false if older than 3.2.
  bool inspect();

 private:
  QString m_renderer;
  bool m_software = false;
  bool m_lost = false;
  int m_maximumSize = 0;
  float m_maximumPointSize = 1.0f;
};

}  // namespace orrery
