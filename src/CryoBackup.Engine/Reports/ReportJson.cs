using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CryoBackup.Runs;

namespace CryoBackup.Reports;

/// <summary>How reports are written: keys as the predecessor wrote them, times in ISO 8601 with Z for UTC.</summary>
internal static class ReportJson
{
    /// <summary>The version of both reports' form.</summary>
    public const int SchemaVersion = 1;

    // Every key is there, also where its value is null: whoever reads a report need not guess.
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>A report as it is written to disk.</summary>
    /// <param name="report">The report.</param>
    /// <returns>UTF-8 without BOM, ending with a newline.</returns>
    public static byte[] Serialize<T>(T report) =>
        Encoding.UTF8.GetBytes(JsonSerializer.Serialize(report, Options).ReplaceLineEndings("\n") + "\n");

    /// <summary>A moment, to the microsecond as the predecessor wrote it.</summary>
    /// <param name="time">In UTC.</param>
    public static string Time(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A moment that may not be known.</summary>
    /// <param name="time">In UTC; null for none.</param>
    public static string? Time(DateTime? time) => time is { } known ? Time(known) : null;

    /// <summary>A duration in seconds, to the millisecond.</summary>
    /// <param name="duration">The duration.</param>
    public static double Seconds(TimeSpan duration) => Math.Round(Math.Max(0, duration.TotalSeconds), 3);
}

/// <summary>A table, expected and found.</summary>
internal sealed record TableLine
{
    public required string Schema { get; init; }

    public required string Name { get; init; }

    public required long? ExpectedRows { get; init; }

    public required long? FoundRows { get; init; }

    public required string? ExpectedFingerprint { get; init; }

    public required string? FoundFingerprint { get; init; }

    public required bool Matches { get; init; }

    public static TableLine[] Of(IEnumerable<TableComparison> tables) =>
        [
            .. tables.Select(table => new TableLine
            {
                Schema = table.Schema,
                Name = table.Name,
                ExpectedRows = table.ExpectedRows,
                FoundRows = table.FoundRows,
                ExpectedFingerprint = NullIfEmpty(table.ExpectedFingerprint),
                FoundFingerprint = NullIfEmpty(table.FoundFingerprint),
                Matches = table.Matches,
            }),
        ];

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}

/// <summary>Why there is no result.</summary>
internal sealed record ErrorLine(string Id, string Message, string? Remedy, IReadOnlyList<string> Details)
{
    public static ErrorLine? Of(Exception? failure) =>
        failure switch
        {
            null => null,
            CryoBackupException known => new ErrorLine(known.Error.ToString(), known.Message, known.Remedy, known.StandardError),
            OperationCanceledException => new ErrorLine(nameof(CryoBackupError.Cancelled), RunItem.Describe(failure), null, []),
            _ => new ErrorLine("Unexpected", failure.Message, null, []),
        };
}
