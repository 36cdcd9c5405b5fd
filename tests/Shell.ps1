# The one place that knows the shell. What starts another PowerShell, in build.ps1 and in the tests, asks here.

# The words that start a PowerShell like this one: its program; or, where it came as a .NET tool, .NET's host and pwsh.dll.
function Get-ShellCommand {
    $program = [Environment]::ProcessPath
    if ([System.IO.Path]::GetFileNameWithoutExtension($program) -eq 'dotnet') {
        $program, (Join-Path $PSHOME 'pwsh.dll')
    }
    else {
        $program
    }
}

# Runs another PowerShell with these words; its exit code is in $LASTEXITCODE, what it says in the streams.
function Invoke-Shell {
    $words = @(Get-ShellCommand) + '-NoProfile', '-NonInteractive' + $args
    & $words[0] @($words | Select-Object -Skip 1)
}
