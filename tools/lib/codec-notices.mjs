/** The BSD licence's conditions. `name` is whose name may not be used. */
const BSD = (copyright, name) => `${copyright}

Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following
conditions are met:

* Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.
* Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
  disclaimer in the documentation and/or other materials provided with the distribution.
* Neither the name of ${name} nor the names of its contributors may be used to endorse or promote products derived from this
  software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT
NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL
THE COPYRIGHT HOLDERS OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES
(INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS
INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE
OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`;

/**
 * The libraries that are compiled into the decoders of jSquash's packages, which leave their notices out. Of the same form as
 * the packages in third-party.mjs.
 */
export const CODECS = [
  {
    name: "mozjpeg",
    version: "in @jsquash/jpeg",
    licence: "BSD-3-Clause AND IJG",
    address: "https://github.com/mozilla/mozjpeg",
    authors: [],
    files: {
      LICENSE: `This software is based in part on the work of the Independent JPEG Group.

${BSD(
  `Copyright (C) 2009-2016 D. R. Commander. All Rights Reserved.
Copyright (C) 2014 Mozilla Corporation. All Rights Reserved.`,
  "the libjpeg-turbo Project",
)}`,
    },
  },
  {
    name: "libwebp",
    version: "in @jsquash/webp",
    licence: "BSD-3-Clause",
    address: "https://chromium.googlesource.com/webm/libwebp",
    authors: [],
    files: { LICENSE: BSD("Copyright (c) 2010, Google Inc. All rights reserved.", "Google") },
  },
];
