using System.Globalization;
using System.Security;
using System.Text;

namespace CryoBackup.Benchmarks;

/// <summary>The medians as a picture: a bar for each contender, as long as its wall time beside that of its stock rival.</summary>
/// <param name="heading">What was measured, and on what, each in a line.</param>
internal sealed class Picture(params string[] heading)
{
    private const int Width = 840;
    private const int Names = 330;
    private const int Row = 20;
    private const int Margin = 16;

    // What is longer is cut, and says so by its number.
    private const double Most = 3;
    private const string Style =
        "text{font:12px system-ui,sans-serif;fill:#24292f}.head{font-weight:600}.ours{fill:#2f81f7}.worse{fill:#bf8700}"
        + ".one{stroke:#57606a;stroke-dasharray:3 3}.back{fill:#fff}"
        + "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.back{fill:#0d1117}.one{stroke:#8d96a0}}";

    private readonly StringBuilder _drawn = new();
    private int _y = Margin + (Row * heading.Length);

    /// <summary>Draws the contenders of a group that have a rival.</summary>
    /// <param name="title">The group's name.</param>
    /// <param name="contenders">The contenders.</param>
    /// <param name="medians">What each took, by its name.</param>
    public void Draw(string title, IEnumerable<Contender> contenders, IReadOnlyDictionary<string, Run> medians)
    {
        _y += Row / 2;
        Text(Margin, title, "head");
        foreach (Contender contender in contenders.Where(contender => contender.Rival is not null))
        {
            _y += Row;
            double ratio = medians[contender.Name].Wall / medians[contender.Rival!].Wall;
            double length = Math.Min(ratio, Most) * Unit;
            Text(Margin * 2, contender.Name, "name");
            Add($"<rect class=\"{(ratio <= 1 ? "ours" : "worse")}\" x=\"{Names}\" y=\"{_y - 11}\" width=\"{length:0.0}\" height=\"14\"/>");
            // Beside the line of the rival, not on it.
            double end = Names + Math.Max(length, Unit) + 6;
            Text(end, string.Create(CultureInfo.InvariantCulture, $"{ratio:0.00} × {contender.Rival}"), "ratio");
        }

        _y += Row;
    }

    /// <summary>Writes the picture.</summary>
    /// <param name="path">The file, which is replaced.</param>
    public void Write(string path)
    {
        var whole = new StringBuilder();
        whole.Append(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {_y}\" width=\"{Width}\" height=\"{_y}\" role=\"img\">\n"
        );
        whole.Append(
            CultureInfo.InvariantCulture,
            $"<title>{Escaped(string.Join("; ", heading))}</title>\n<style>{Style}</style>\n<rect class=\"back\" width=\"{Width}\" height=\"{_y}\"/>\n"
        );
        for (int i = 0; i < heading.Length; i++)
        {
            whole.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"{Margin}\" y=\"{Margin + 4 + (Row * i)}\">{Escaped(heading[i])}</text>\n"
            );
        }

        double one = Names + Unit;
        whole.Append(
            CultureInfo.InvariantCulture,
            $"<line class=\"one\" x1=\"{one:0.0}\" x2=\"{one:0.0}\" y1=\"{Row * heading.Length + 8}\" y2=\"{_y - Row}\"/>\n"
        );
        whole.Append(_drawn).Append("</svg>\n");
        File.WriteAllText(path, whole.ToString(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }

    private static double Unit => (Width - Names - 250) / Most;

    private static string Escaped(string text) => SecurityElement.Escape(text);

    private void Text(double x, string text, string kind) => Add($"<text class=\"{kind}\" x=\"{x:0.0}\" y=\"{_y}\">{Escaped(text)}</text>");

    private void Add(FormattableString element) => _drawn.Append(element.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
