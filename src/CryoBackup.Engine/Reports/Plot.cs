using System.Globalization;

namespace CryoBackup.Reports;

/// <summary>A plot over time as inline SVG, in colours that the page's style chooses.</summary>
internal static class Plot
{
    private const double Width = 320;
    private const double Height = 150;
    private const double Left = 8;
    private const double Right = 312;
    private const double Top = 34;
    private const double Bottom = 126;

    /// <summary>Draws one.</summary>
    /// <param name="page">Takes it.</param>
    /// <param name="title">What is shown.</param>
    /// <param name="points">Moments, ascending, in UTC, with their values; at least one.</param>
    /// <param name="words">Puts a value into words.</param>
    /// <param name="current">The moment of the backup that the page is about; null for none.</param>
    public static void Draw(
        HtmlText page,
        string title,
        IReadOnlyList<(DateTime Time, double Value)> points,
        Func<double, string> words,
        DateTime? current
    )
    {
        DateTime first = points[0].Time;
        double span = Math.Max(1, (points[^1].Time - first).TotalSeconds);
        double most = points.Max(point => point.Value);
        double scale = most > 0 ? (Bottom - Top) / most : 0;

        // The scale begins at zero: half the height is half the size.
        double X(DateTime time) =>
            points.Count == 1 ? (Left + Right) / 2 : Left + 4 + ((Right - Left - 8) * (time - first).TotalSeconds / span);
        double Y(double value) => Bottom - (value * scale);

        Frame(page, title, points, words);
        if (points.Count > 1)
        {
            page.Markup($"<text x=\"{Number(Right)}\" y=\"{Number(Bottom + 15)}\" text-anchor=\"end\">")
                .Text(Day(points[^1].Time))
                .Markup("</text>\n")
                .Markup(
                    $"<polyline class=\"curve\" "
                        + $"points=\"{string.Join(' ', points.Select(point => $"{Number(X(point.Time))},{Number(Y(point.Value))}"))}\"/>\n"
                );
        }

        double radius = points.Count > 60 ? 1.5 : 2.5;
        foreach ((DateTime time, double value) in points)
        {
            bool isCurrent = time == current;
            page.Markup(
                    $"<circle class=\"{(isCurrent ? "current" : "point")}\" cx=\"{Number(X(time))}\" cy=\"{Number(Y(value))}\" "
                        + $"r=\"{Number(isCurrent ? 4 : radius)}\"><title>"
                )
                .Text($"{Figures.Moment(time)}: {words(value)}")
                .Markup("</title></circle>");
        }

        page.Markup("\n</svg></figure>\n");
    }

    /// <summary>Draws a line as small as a word.</summary>
    /// <param name="page">Takes it.</param>
    /// <param name="points">Moments, ascending, in UTC, with their values.</param>
    /// <param name="words">Puts a value into words.</param>
    public static void Spark(HtmlText page, IReadOnlyList<(DateTime Time, double Value)> points, Func<double, string> words)
    {
        const double Long = 90;
        const double High = 20;
        if (points.Count < 2)
        {
            page.Text("–");
            return;
        }

        double span = Math.Max(1, (points[^1].Time - points[0].Time).TotalSeconds);
        double most = Math.Max(1, points.Max(point => point.Value));
        IEnumerable<string> line = points.Select(point =>
            $"{Number(2 + ((Long - 4) * (point.Time - points[0].Time).TotalSeconds / span))},"
            + Number(High - 2 - ((High - 4) * point.Value / most))
        );
        page.Markup($"<svg class=\"spark\" viewBox=\"0 0 {Number(Long)} {Number(High)}\" role=\"img\" aria-label=\"")
            .Text($"Size of {points.Count} backups since {Day(points[0].Time)}: from {words(points[0].Value)} to {words(points[^1].Value)}")
            .Markup($"\"><polyline class=\"curve\" points=\"{string.Join(' ', line)}\"/></svg>");
    }

    private static void Frame(HtmlText page, string title, IReadOnlyList<(DateTime Time, double Value)> points, Func<double, string> words)
    {
        string last = words(points[^1].Value);
        page.Markup($"<figure><svg viewBox=\"0 0 {Number(Width)} {Number(Height)}\" role=\"img\" aria-label=\"")
            .Text($"{title}: {points.Count} backups from {Day(points[0].Time)} to {Day(points[^1].Time)}, last {last}")
            .Markup("\">\n")
            .Markup($"<line class=\"axis\" x1=\"{Number(Left)}\" y1=\"{Number(Bottom)}\" x2=\"{Number(Right)}\" y2=\"{Number(Bottom)}\"/>")
            .Markup($"<line class=\"grid\" x1=\"{Number(Left)}\" y1=\"{Number(Top)}\" x2=\"{Number(Right)}\" y2=\"{Number(Top)}\"/>\n")
            .Markup($"<text class=\"title\" x=\"{Number(Left)}\" y=\"14\">")
            .Text(title)
            .Markup("</text>")
            .Markup($"<text class=\"last\" x=\"{Number(Right)}\" y=\"14\" text-anchor=\"end\">")
            .Text(last)
            .Markup("</text>")
            .Markup($"<text x=\"{Number(Left)}\" y=\"{Number(Top - 4)}\">")
            .Text(words(points.Max(point => point.Value)))
            .Markup("</text>")
            .Markup($"<text x=\"{Number(Left)}\" y=\"{Number(Bottom + 15)}\">")
            .Text(Day(points[0].Time))
            .Markup("</text>");
    }

    private static string Day(DateTime time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
