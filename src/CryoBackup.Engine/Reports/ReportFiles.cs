using System.Globalization;
using CryoBackup.Storage;

namespace CryoBackup.Reports;

/// <summary>
/// Where the reports of a run go: the file that the user named, or a folder in which each gets a name of its own, made of the time.
/// What is there is never overwritten.
/// </summary>
internal sealed class ReportFiles
{
    private readonly string _folder;
    private readonly string? _name;
    private readonly bool _json;
    private readonly bool _html;
    private bool _used;

    private ReportFiles(string folder, string? name, bool json, bool html)
    {
        _folder = folder;
        _name = name;
        _json = json;
        _html = html;
    }

    /// <summary>Reports in a folder, by the time.</summary>
    /// <param name="folder">A full path; it is created when missing.</param>
    /// <param name="html">True for an HTML page beside each.</param>
    public static ReportFiles InFolder(string folder, bool html) => new(folder, null, json: true, html);

    /// <summary>What the user gave with -ReportPath.</summary>
    /// <param name="path">A full path that ends in .json or .html, or an existing folder.</param>
    /// <param name="html">True for an HTML page beside a JSON report in a folder.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: it has another extension; DestinationNotWritable:
    /// there is such a file already.</exception>
    public static ReportFiles At(string path, bool html)
    {
        if (Directory.Exists(path))
        {
            return InFolder(path, html);
        }

        string extension = Path.GetExtension(path).ToLowerInvariant();
        if (extension is not (".json" or ".html"))
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"A report cannot be written to '{path}': it ends neither in .json nor in .html.",
                path,
                "Give -ReportPath a name that ends in .json or .html, or an existing folder."
            );
        }

        if (File.Exists(path))
        {
            throw new CryoBackupException(
                CryoBackupError.DestinationNotWritable,
                $"The report '{path}' exists already; reports are never overwritten.",
                path,
                "Give -ReportPath another name, or a folder, in which each report gets a name of its own."
            );
        }

        return new ReportFiles(
            Path.GetDirectoryName(path)!,
            Path.GetFileNameWithoutExtension(path),
            extension == ".json",
            extension == ".html"
        );
    }

    /// <summary>Writes one report in each of its forms.</summary>
    /// <param name="kind">verification or restore: how its name begins in a folder.</param>
    /// <param name="time">When the work ended, in UTC.</param>
    /// <param name="json">Makes the JSON.</param>
    /// <param name="html">Makes the page.</param>
    /// <returns>Full paths, the JSON first.</returns>
    /// <exception cref="CryoBackupException">DestinationNotWritable or DiskFull.</exception>
    public IReadOnlyList<string> Write(string kind, DateTime time, Func<byte[]> json, Func<byte[]> html)
    {
        string name = _name ?? string.Create(CultureInfo.InvariantCulture, $"{kind}_{time:yyyyMMdd_HHmmss}");
        try
        {
            Directory.CreateDirectory(_folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw PartialFile.Translate(exception, _folder);
        }

        // A second report of one run never takes the name that the user gave to the first.
        int number = _used ? 2 : 1;
        _used = true;
        for (; ; number++)
        {
            string path = Path.Combine(_folder, number == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}_{number}"));
            var written = new List<string>();
            if (_json && !TryWrite(path + ".json", json))
            {
                continue;
            }

            if (_json)
            {
                written.Add(path + ".json");
            }

            if (_html && TryWrite(path + ".html", html))
            {
                written.Add(path + ".html");
            }
            else if (_html && !_json)
            {
                continue;
            }

            return written;
        }
    }

    /// <summary>Writes a file that does not exist yet, whole or not at all.</summary>
    /// <returns>False if there is one.</returns>
    private static bool TryWrite(string path, Func<byte[]> content)
    {
        if (File.Exists(path) || File.Exists(path + BackupFileName.PartialSuffix))
        {
            return false;
        }

        PartialFile file;
        try
        {
            file = new PartialFile(path);
        }
        catch (CryoBackupException) when (File.Exists(path + BackupFileName.PartialSuffix) || File.Exists(path))
        {
            // Another run was quicker.
            return false;
        }

        using PartialFile mine = file;
        try
        {
            mine.Stream.Write(content());
            mine.Publish();
            return true;
        }
        catch (CryoBackupException) when (File.Exists(path))
        {
            // Another run was quicker.
            return false;
        }
        catch (IOException exception)
        {
            throw PartialFile.Translate(exception, path);
        }
    }
}
