internal import Foundation
internal import HTTPTypes
internal import Hummingbird

/// Who may look.
///
/// With a token whoever says it: as a bearer, or in a browser once as `?token=`, which becomes a cookie. Without, only
/// programs of this machine can connect, and a page of another site that a browser here was led to is kept out by the
/// name that it asks for.
struct Gate<Context: RequestContext>: RouterMiddleware {
  let token: DashboardToken?

  /// What says nothing but that the process lives.
  private static var open: Set<String> { ["/healthz", "/readyz"] }

  /// With the port, which cookies do not know: else two dashboards of one host would log each other out.
  private static func cookie(of authority: String?) -> String {
    guard let authority, let colon = authority.lastIndex(of: ":") else { return "sentei-token" }
    return "sentei-token-" + authority[colon...].filter(\.isNumber)
  }

  @concurrent func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    var response = try await admit(request, context, next)
    response.headers[.contentSecurityPolicy] =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
      + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[HTTPField.Name("Referrer-Policy")!] = "no-referrer"
    response.headers[.cacheControl] = "no-store"
    return response
  }

  @concurrent private func admit(
    _ request: Request, _ context: Context, _ next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    if Self.open.contains(request.uri.path) { return try await next(request, context) }
    guard let token else {
      guard Self.isOfThisMachine(request.head.authority) else {
        return Self.answer(.misdirectedRequest, "this dashboard answers to localhost and loopback addresses only\n")
      }
      return try await next(request, context)
    }
    if let said = request.uri.queryParameters["token"], token.fits(String(said)) {
      var response = Response(status: .seeOther, headers: [.location: request.uri.path])
      response.setCookie(
        Cookie(
          name: Self.cookie(of: request.head.authority), value: String(said), path: "/", httpOnly: true,
          sameSite: .strict))
      return response
    }
    let bearer = request.headers[.authorization].flatMap { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : nil }
    let said = bearer ?? request.cookies[Self.cookie(of: request.head.authority)]?.value
    guard let said, token.fits(said) else {
      var response = Self.answer(
        .unauthorized, "this dashboard needs its token: open it with ?token=..., or send Authorization: Bearer ...\n")
      response.headers[.wwwAuthenticate] = "Bearer"
      return response
    }
    return try await next(request, context)
  }

  static func answer(_ status: HTTPResponse.Status, _ text: String) -> Response {
    Response(
      status: status, headers: [.contentType: "text/plain; charset=utf-8"], body: .init(byteBuffer: .init(string: text))
    )
  }

  /// Whether a `Host` names this machine by an address or by its only safe name.
  private static func isOfThisMachine(_ authority: String?) -> Bool {
    guard let authority else { return false }
    let host =
      authority.hasPrefix("[")
      ? String(authority.prefix { $0 != "]" }.dropFirst()) : String(authority.prefix { $0 != ":" })
    return DashboardServer.isLoopback(host)
  }
}

/// A secret that lets people look at a dashboard.
package struct DashboardToken: Sendable {
  private let bytes: [UInt8]

  /// The fewest characters of a token.
  package static let shortest = 16

  /// - Returns: nil for one that is too short, or has characters that a header or a cookie cannot carry.
  package init?(_ text: String) {
    let allowed = text.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
        UInt8(ascii: "~"):
        true
      default: false
      }
    }
    guard allowed, text.utf8.count >= Self.shortest else { return nil }
    bytes = Array(text.utf8)
  }

  /// Compares in a time that does not tell how much fits.
  func fits(_ other: String) -> Bool {
    let other = Array(other.utf8)
    var difference = UInt8(other.count == bytes.count ? 0 : 1)
    for (index, byte) in bytes.enumerated() { difference |= byte ^ (index < other.count ? other[index] : ~byte) }
    return difference == 0
  }
}
