extension SeriesStyle {
  /// How many ways there are to fill a bar, beside colours.
  static let textureCount = 4
}

extension Drawing {
  /// Names the ways in which bars are filled, so that neighbours differ without colours too.
  mutating func textures(_ styles: [SeriesStyle], id: String) {
    for (place, style) in styles.enumerated() where place % SeriesStyle.textureCount != 0 {
      let lines = ["", "M-1 1l2 -2M0 6l6 -6M5 7l2 -2", "", "M0 3h6"][place % SeriesStyle.textureCount]
      guard !lines.isEmpty else { continue }
      group(
        "pattern",
        ["id": "\(id)-fill-\(place)", "width": "6", "height": "6", "patternUnits": "userSpaceOnUse"]
      ) { drawing in
        drawing.add("path", ["d": "M0 0h6v6h-6z", "fill": style.colour, "fill-opacity": "0.25"])
        drawing.add("path", ["d": lines, "stroke": style.colour, "stroke-width": "2"])
      }
    }
  }

  /// Draws a bar of a series.
  ///
  /// - Parameter texture: the place of the series.
  mutating func bar(_ style: SeriesStyle, _ path: String, texture: Int, id: String) {
    let attributes: KeyValuePairs<String, String> =
      switch texture % SeriesStyle.textureCount {
      case 0: ["d": path, "fill": style.colour]
      case 2: ["d": path, "fill": style.colour, "fill-opacity": "0.3"]
      default: ["d": path, "fill": "url(#\(id)-fill-\(texture))"]
      }
    add("path", attributes)
    if texture % SeriesStyle.textureCount != 0 {
      add("path", ["d": path, "fill": "none", "stroke": style.colour, "stroke-width": "1.2"])
    }
  }
}
