using System.Globalization;

namespace CryoBackup.Postgres.Scratch;

/// <summary>What a throwaway server is to be like.</summary>
internal sealed record ScratchClusterOptions
{
    /// <summary>The lowest major version that will do; of that or the lowest higher one. 0 for the newest installed.</summary>
    public int MinimumMajor { get; init; }

    /// <summary>The folder of the server programs; null to look for them.</summary>
    public string? ProgramFolder { get; init; }

    /// <summary>The folder under which it is put; null for the temporary folder. It takes the whole data.</summary>
    public string? BaseFolder { get; init; }

    /// <summary>The superuser's name; null for one that nobody can know.</summary>
    public string? SuperUser { get; init; } = "postgres";

    /// <summary>The folder where what initdb made is kept for the next such server; empty to keep nothing.</summary>
    public string TemplateFolder { get; init; } = ScratchTemplates.DefaultFolder;

    /// <summary>True to have every role need a password, the superuser a random one:
    /// nothing that runs within the server can then connect to it. Windows always does.</summary>
    public bool AsksPassword { get; init; }

    /// <summary>More arguments of initdb, for example --data-checksums; a --locale or --encoding here replaces ours.</summary>
    public IReadOnlyList<string> InitdbArguments { get; init; } = [];

    /// <summary>More server settings, by name; they replace ours of the same name.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>PostgreSQL's shared_buffers; by default a sixteenth of the machine's memory, as several servers may run at once.</summary>
    public string SharedBuffers { get; init; } = Share(16, 64, 1024);

    /// <summary>A part of the memory that this process may use, as PostgreSQL's settings have it.</summary>
    /// <param name="divisor">Which part.</param>
    /// <param name="least">At least so many MiB.</param>
    /// <param name="most">At most so many MiB.</param>
    internal static string Share(int divisor, long least, long most) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / divisor >> 20, least, most)}MB"
        );

    /// <summary>Takes verbose messages and warnings.</summary>
    public Action<EngineMessage> Observer { get; init; } = static _ => { };
}
