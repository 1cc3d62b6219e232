/// The files of the page, which are in the program.
struct Page: Sendable {
  let path: String
  let mediaType: String
  let bytes: [UInt8]

  static let all = [
    Page(path: "/", mediaType: "text/html; charset=utf-8", bytes: PackageResources.dashboard_html),
    Page(path: "/dashboard.css", mediaType: "text/css; charset=utf-8", bytes: PackageResources.dashboard_css),
    Page(path: "/dashboard.js", mediaType: "text/javascript; charset=utf-8", bytes: PackageResources.dashboard_js),
    Page(path: "/icon.svg", mediaType: "image/svg+xml", bytes: PackageResources.icon_svg),
  ]
}
