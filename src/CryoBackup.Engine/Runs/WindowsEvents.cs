using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using CryoBackup.Text;

namespace CryoBackup.Runs;

/// <summary>
/// What a run worked on, as events of the Windows log Application, of the source CryoBackup. Its ids are stable: tens tell the work,
/// units how it ended. Nobody needs to have made the source known: events come without that, too.
/// </summary>
internal static partial class WindowsEvents
{
    /// <summary>The source's name.</summary>
    public const string Source = "CryoBackup";

    // An event's text has 31,839 characters at the most.
    private const int LongestText = 31_000;

    /// <summary>The event's number: 1000 and what the work adds (backup 0, verification 10, restore 20, removal 30, hold 40), and how it
    /// ended: 0 well, 1 with warnings, 2 failed, 3 inconclusive.</summary>
    /// <param name="kind">The work.</param>
    /// <param name="item">What became of one thing.</param>
    public static int IdOf(RunKind kind, RunItem item) =>
        1000
        + kind.EventNumber
        + item switch
        {
            { IsInconclusive: true } => 3,
            { State: RunState.Failure } => 2,
            { State: RunState.Warning } => 1,
            _ => 0,
        };

    /// <summary>The event's text: what happened, what was unexpected, what can be done.</summary>
    /// <param name="item">What became of one thing.</param>
    public static string TextOf(RunItem item)
    {
        string text = string.Join(
            "\r\n",
            ((string[])[item.Message, .. item.Warnings, .. item.Remedy is { } remedy ? ["Remedy: " + remedy] : (string[])[]]).Select(
                VisibleText.Of
            )
        );
        return text.Length <= LongestText ? text : text[..LongestText] + "…";
    }

    /// <summary>Writes an event for each thing that a run worked on.</summary>
    /// <param name="run">A run that has ended.</param>
    /// <exception cref="Win32Exception">The log takes none.</exception>
    [SupportedOSPlatform("windows")]
    public static void Write(RunRecord run)
    {
        nint log = Native.RegisterEventSource(null, Source);
        if (log == 0)
        {
            throw new Win32Exception();
        }

        try
        {
            foreach (RunItem item in run.Items)
            {
                ushort type = item.State switch
                {
                    RunState.Failure => Native.Error,
                    RunState.Warning => Native.Warning,
                    _ => Native.Information,
                };
                if (!Native.ReportEvent(log, type, 0, (uint)IdOf(run.Kind, item), 0, 1, 0, [TextOf(item)], 0))
                {
                    throw new Win32Exception();
                }
            }
        }
        finally
        {
            Native.DeregisterEventSource(log);
        }
    }

    private static partial class Native
    {
        public const ushort Error = 1;
        public const ushort Warning = 2;
        public const ushort Information = 4;

        [LibraryImport("advapi32", EntryPoint = "RegisterEventSourceW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
        public static partial nint RegisterEventSource(string? server, string source);

        [LibraryImport("advapi32", EntryPoint = "ReportEventW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
        [return: MarshalAs(UnmanagedType.Bool)]
        public static partial bool ReportEvent(
            nint log,
            ushort type,
            ushort category,
            uint id,
            nint user,
            ushort strings,
            uint bytes,
            string[] text,
            nint data
        );

        [LibraryImport("advapi32", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        public static partial bool DeregisterEventSource(nint log);
    }
}
