using CryoBackup.Text;

namespace CryoBackup.Cli.Output;

/// <summary>Rows of text in columns as wide as their content; the last column is left as long as it is.</summary>
/// <param name="headings">One a column; a leading &gt; aligns the column to the right.</param>
internal sealed class Table(params string[] headings)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add([.. cells.Select(VisibleText.Of)]);

    public void Print(TextWriter output, string indent = "")
    {
        if (_rows.Count == 0)
        {
            return;
        }
        string[] titles = [.. headings.Select(heading => heading.TrimStart('>'))];
        int[] widths =
        [
            .. titles.Select(
                (title, column) => _rows.Max(row => row[column].Length) is var widest && widest > title.Length ? widest : title.Length
            ),
        ];
        foreach (string[] row in _rows.Prepend([.. widths.Zip(titles, (_, title) => new string('-', title.Length))]).Prepend(titles))
        {
            output.WriteLine(indent + string.Join("  ", row.Select((cell, column) => Align(cell, column, widths[column]))).TrimEnd());
        }
    }

    private string Align(string cell, int column, int width) =>
        headings[column].StartsWith('>') ? cell.PadLeft(width)
        : column == headings.Length - 1 ? cell
        : cell.PadRight(width);
}
