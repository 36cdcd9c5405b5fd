using System.Text;

namespace CryoBackup.Reports;

/// <summary>What every page begins and ends with. It takes nothing from elsewhere, and its own policy forbids the browser to.</summary>
internal static class PageFrame
{
    private static readonly Lazy<string> Style = new(static () =>
    {
        using Stream stream = typeof(PageFrame).Assembly.GetManifestResourceStream("CryoBackup.Reports.report.css")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    });

    /// <summary>Begins a page with its verdict.</summary>
    /// <param name="page">The page, which is empty.</param>
    /// <param name="kind">What kind of page it is, in words.</param>
    /// <param name="status">The page's own word for how it looks.</param>
    /// <param name="heading">The verdict, with what failed.</param>
    /// <param name="sentences">What is to be said below it, the last one dimmed.</param>
    public static void Begin(HtmlText page, string kind, string status, string heading, params IEnumerable<string> sentences)
    {
        page.Markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Markup(
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
            )
            .Markup(
                "<meta name=\"viewport\" content=\"width=device-width, "
                    + "initial-scale=1\">\n<meta name=\"generator\" content=\"CryoBackup\">\n"
            )
            .Markup("<link rel=\"icon\" href=\"data:,\">\n")
            .Element("title", $"{kind} – {heading}")
            .Markup("<style>\n")
            .Markup(Style.Value)
            .Markup("</style>\n</head>\n<body>\n<main>\n")
            .Markup($"<div class=\"verdict {status}\">\n")
            .Element("h1", heading);
        string[] lines = [.. sentences];
        for (int i = 0; i < lines.Length; i++)
        {
            page.Element(i == lines.Length - 1 ? "p class=\"dim\"" : "p", lines[i]);
        }

        page.Markup("</div>\n");
    }

    /// <summary>Ends a page.</summary>
    /// <param name="page">The page.</param>
    /// <returns>UTF-8 without BOM.</returns>
    public static byte[] End(HtmlText page)
    {
        page.Markup("</main>\n<footer class=\"dim\">").Text($"CryoBackup {ToolVersion.Text}").Markup("</footer>\n</body>\n</html>\n");
        return Encoding.UTF8.GetBytes(page.ToString());
    }

    /// <summary>Names the things that a heading speaks of, the first of many.</summary>
    /// <param name="names">Their names.</param>
    /// <returns>For example <c>app, shop and 3 more</c>.</returns>
    public static string Several(IReadOnlyCollection<string> names)
    {
        const int Most = 3;
        string[] shown = [.. names.Take(names.Count > Most ? Most - 1 : Most)];
        return names.Count > Most ? $"{string.Join(", ", shown)} and {names.Count - shown.Length} more"
            : shown is [.. var first, var last] && first.Length > 0 ? $"{string.Join(", ", first)} and {last}"
            : string.Concat(shown);
    }
}
