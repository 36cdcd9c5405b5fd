using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CryoBackup.Configuration;
using CryoBackup.Streams;
using CryoBackup.Text;

namespace CryoBackup.Runs;

/// <summary>
/// The log that every run adds to, one event a line, in the predecessor's form or as JSON. The file is held only while a line is written,
/// so that several runs may share it; when it is too large it is put aside as .1, the one before as .2, and so on. It is made for its owner
/// alone.
/// </summary>
internal sealed class LogFile
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly LogSettings _settings;
    private readonly string _logger;
    private readonly Action<string> _fail;
    private readonly object _lock = new();
    private bool _failed;
    private bool _isHeldUp;

    /// <summary>Prepares a log. Nothing is written yet.</summary>
    /// <param name="settings">The file, its form and size.</param>
    /// <param name="kind">What is done, which gives the lines' logger its name.</param>
    /// <param name="fail">Is told once, in one sentence, if the log cannot be written; the run goes on.</param>
    public LogFile(LogSettings settings, RunKind kind, Action<string> fail)
    {
        _settings = settings;
        _logger = kind.Logger;
        _fail = fail;
    }

    /// <summary>What is done.</summary>
    /// <param name="message">One sentence.</param>
    public void Info(string message) => Write("INFO", message);

    /// <summary>What is unexpected.</summary>
    /// <param name="message">One sentence.</param>
    public void Warning(string message) => Write("WARNING", message);

    /// <summary>What has failed.</summary>
    /// <param name="message">One sentence.</param>
    public void Error(string message) => Write("ERROR", message);

    private void Write(string level, string message)
    {
        DateTime now = DateTime.UtcNow;
        string line =
            _settings.Format == LogFormat.Json
                ? VisibleText.OfJson(
                    JsonSerializer.Serialize(
                        new
                        {
                            time = now.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
                            logger = _logger,
                            level,
                            message,
                        },
                        Json
                    )
                )
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"{now:yyyy-MM-dd HH:mm:ss},{now:fff} - {_logger} - {level} - {VisibleText.Of(message)}"
                );
        lock (_lock)
        {
            if (_failed)
            {
                return;
            }

            try
            {
                Append(Encoding.UTF8.GetBytes(line + "\n"));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                _failed = true;
                _fail($"The log '{_settings.File}' cannot be written: {exception.Message}");
            }
        }
    }

    /// <summary>Adds a line. Whoever holds the lock, be it for ever, keeps none out: only putting the file aside needs it.</summary>
    private void Append(byte[] line)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_settings.File)!);
        using FileStream? turn = _isHeldUp ? null : SharedFile.TryLock(_settings.File + ".lock", LongestWait);
        _isHeldUp = turn is null;
        FileStream stream = RegularFile.OpenOrCreate(_settings.File, FileAccess.Write);
        try
        {
            if (turn is not null && stream.Length > 0 && stream.Length + line.Length > _settings.MaxBytes)
            {
                stream.Dispose();
                PutAside();
                stream = RegularFile.OpenOrCreate(_settings.File, FileAccess.Write);
            }

            stream.Seek(0, SeekOrigin.End);
            stream.Write(line);
        }
        finally
        {
            stream.Dispose();
        }
    }

    private void PutAside()
    {
        if (_settings.MaxFiles == 0)
        {
            File.Delete(_settings.File);
            return;
        }

        for (int number = _settings.MaxFiles - 1; number >= 0; number--)
        {
            string from = number == 0 ? _settings.File : Numbered(number);
            if (File.Exists(from))
            {
                HeldFile.Rename(from, Numbered(number + 1), overwrite: true);
            }
        }
    }

    private string Numbered(int number) => string.Create(CultureInfo.InvariantCulture, $"{_settings.File}.{number}");
}
