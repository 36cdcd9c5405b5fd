BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    $file = Join-Path $TestDrive 'cryobackup.yaml'
    $tool = Join-Path (Split-Path -Path $PSScriptRoot) 'output/tool/cryobackup'
}

Describe 'Test-CryoBackupConfiguration' {
    It 'has these parameters' {
        (Get-Command Test-CryoBackupConfiguration).Parameters.Keys | Where-Object { $_ -notin $CommonParameters } | Sort-Object | Should -Be @('Notify', 'Path')
    }

    It 'says what a file means' {
        Set-Content -LiteralPath $file -Value "databases: [app, shop]`nlocal_backup_dir: backups`ndatabase: {username: u, password: canary}"
        $result = Test-CryoBackupConfiguration $file
        $result.IsValid | Should -BeTrue
        $result.Databases | Should -Be @('app', 'shop')
        $result.Folders | Should -Be (Join-Path (Get-Item -LiteralPath $TestDrive).FullName 'backups')
        $result.Settings | Should -Match 'local_backup_dir'
        $result | Format-List | Out-String | Should -Not -Match 'canary'
    }

    It 'says what is wrong with it, by line and key, as a result' {
        Set-Content -LiteralPath $file -Value "database:`n  hots: db"
        $result = Get-Item -LiteralPath $file | Test-CryoBackupConfiguration -ErrorVariable problems
        $problems | Should -BeNullOrEmpty
        $result.IsValid | Should -BeFalse
        $result.Problems[0].Line, $result.Problems[0].Column, $result.Problems[0].Key | Should -Be @(2, 3, 'database.hots')
        "$($result.Problems)" | Should -BeLike "*Did you mean 'host'?"
        $result | Format-List | Out-String -Width 300 | Should -Match 'line 2, column 3'
    }

    It 'finds the file that the other cmdlets would take, or says that there is none' {
        $project = New-Item -ItemType Directory -Path (Join-Path $TestDrive 'project/config')
        Push-Location -LiteralPath (Join-Path $TestDrive 'project')
        try {
            (Test-CryoBackupConfiguration).Problems.Message | Should -Be 'There is no configuration here.'
            Set-Content -LiteralPath (Join-Path $project 'cryobackup.yaml') -Value 'local_backup_dir: a'
            (Test-CryoBackupConfiguration).Path | Should -BeLike '*cryobackup.yaml'
        }
        finally {
            Pop-Location
        }
    }

    It 'tries every channel with -Notify' {
        $listener = [System.Net.HttpListener]::new()
        $port = Get-ClosedPort
        $listener.Prefixes.Add("http://127.0.0.1:$port/")
        $listener.Start()
        try {
            $answering = $listener.GetContextAsync()
            Set-Content -LiteralPath $file -Value "notifications: {webhook: {url: 'http://127.0.0.1:$port/hook'}, healthchecks: {url: 'http://127.0.0.1:$(Get-ClosedPort)/ping'}}"
            $shell = [powershell]::Create().AddScript({ param($Module, $File) Import-Module $Module; Test-CryoBackupConfiguration $File -Notify }).AddArgument($ModulePath).AddArgument($file)
            $running = $shell.BeginInvoke()
            $answering.Wait(20000) | Should -BeTrue
            $answering.Result.Response.Close()
            $result = $shell.EndInvoke($running)[0]
            $result.Channels | ForEach-Object { "$($_.Channel) $($_.Sent)" } | Should -Be @('webhook True', 'healthchecks False')
            $result.IsValid | Should -BeFalse
        }
        finally {
            $listener.Stop()
        }
    }

    It 'has its twin in the tool' {
        Set-Content -LiteralPath $file -Value 'databases: [app]'
        $said = & $tool config test $file
        $LASTEXITCODE | Should -Be 0
        $said[0] | Should -BeLike '*: good'
        Set-Content -LiteralPath $file -Value "database:`n  hots: db"
        $result = & $tool config test $file --json | Out-String | ConvertFrom-Json
        $LASTEXITCODE | Should -Be 2
        $result.problems[0].key | Should -Be 'database.hots'
        Set-Content -LiteralPath $file -Value "notifications: {healthchecks: {url: 'http://127.0.0.1:$(Get-ClosedPort)/ping'}}"
        $said = & $tool config test $file --notify
        $LASTEXITCODE | Should -Be 1
        $said -join "`n" | Should -Match 'healthchecks: not sent'
    }
}
