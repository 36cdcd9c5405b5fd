namespace CryoBackup.Tests;

/// <summary>A folder of one test, removed after it.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cryobackup-test-").FullName;

    /// <summary>Writes a file; on Unix only its owner can read it.</summary>
    public string Write(string name, string text)
    {
        string path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return path;
    }

    /// <summary>Writes a script that sh runs.</summary>
    public string WriteProgram(string name, string script)
    {
        string text = "#!/bin/sh\n" + script + "\n";
        if (OperatingSystem.IsWindows())
        {
            return Write(name, text);
        }

        string written = Write(name + ".text", text);
        File.SetUnixFileMode(written, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string program = System.IO.Path.Combine(Path, name);
        ProgramFile.Copy(written, program);
        File.Delete(written);
        return program;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
